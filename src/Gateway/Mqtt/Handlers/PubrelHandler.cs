using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PUBREL from a client: its packet identifier is free again, and PUBCOMP says so [MQTT-4.3.3-11]
/// [MQTT-4.3.3-12].</summary>
public static class PubrelHandler
{
    /// <summary>Handles it. PUBCOMPs leave in the order of the PUBRELs.</summary>
    public static ProtocolError Handle(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = AcknowledgementPacket.TryDecode(PacketType.Pubrel, body, session.Version, out AcknowledgementPacket packet);
        if (error.IsError)
            return error;
        bool known = connection.Inbound.TryRelease(packet.PacketId);
        // Before version 5 PUBCOMP has no code: an unknown identifier is released all the same.
        ReasonCode reason = known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
        connection.Send(new AcknowledgementPacket { Type = PacketType.Pubcomp, PacketId = packet.PacketId, Reason = reason }, session.Version);
        return default;
    }
}
