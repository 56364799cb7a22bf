using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PUBREC and PUBCOMP from a client: the two halves of a QoS 2 delivery [MQTT-4.3.3-4] [MQTT-4.3.3-5].</summary>
public static class PubrecHandler
{
    /// <summary>Handles PUBREC: PUBREL follows, also when the identifier is unknown, so that the client can forget it.</summary>
    public static ProtocolError Handle(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = AcknowledgementPacket.TryDecode(PacketType.Pubrec, body, session.Version, out AcknowledgementPacket packet);
        if (error.IsError)
            return error;

        bool isRefusal = (byte)packet.Reason >= 0x80;
        switch (session.Deliveries.Pubrec(packet.PacketId, isRefusal))
        {
            case AcknowledgementResult.Done:
                connection.Traces?.Acknowledged(packet.PacketId, packet.Reason);
                connection.Shared.Metrics.Dropped("refused-by-client");
                connection.WakeWriter();
                break;
            case AcknowledgementResult.Release:
                SendPubrel(connection, session, packet.PacketId, ReasonCode.Success);
                break;
            case AcknowledgementResult.Unknown when !isRefusal:
                SendPubrel(connection, session, packet.PacketId, ReasonCode.PacketIdentifierNotFound);
                break;
            default:
                break;
        }

        return default;
    }

    /// <summary>Handles PUBCOMP: the delivery is done. An identifier that is not in flight changes nothing.</summary>
    public static ProtocolError HandleComplete(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = AcknowledgementPacket.TryDecode(PacketType.Pubcomp, body, session.Version, out AcknowledgementPacket packet);
        if (!error.IsError && session.Deliveries.Pubcomp(packet.PacketId) == AcknowledgementResult.Done)
        {
            connection.Traces?.Acknowledged(packet.PacketId, packet.Reason);
            connection.WakeWriter();
        }

        return error;
    }

    /// <summary>Tells the client that the server will not send the message again.</summary>
    public static void SendPubrel(MqttConnection connection, MqttSession session, ushort packetId, ReasonCode reason)
        => connection.Send(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = packetId, Reason = reason }, session.Version);
}
