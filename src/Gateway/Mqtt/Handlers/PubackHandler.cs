using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PUBACK from a client: a delivery is done, also when the client's reason says that it did not like it.</summary>
public static class PubackHandler
{
    /// <summary>Handles it. An identifier that is not in flight changes nothing: the specification names no error for it.</summary>
    public static ProtocolError Handle(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = AcknowledgementPacket.TryDecode(PacketType.Puback, body, session.Version, out AcknowledgementPacket packet);
        // Before the identifier is free for another message.
        bool shared = !error.IsError && connection.Shares?.Acknowledged(packet.PacketId, packet.Reason) == true;
        if (!error.IsError && session.Deliveries.Puback(packet.PacketId) == AcknowledgementResult.Done)
        {
            connection.Traces?.Acknowledged(packet.PacketId, packet.Reason);
            if ((byte)packet.Reason >= 0x80 && !shared)
                connection.Shared.Metrics.Dropped("refused-by-client");
            connection.WakeWriter();
        }

        return error;
    }
}
