using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>PINGREQ, answered by PINGRESP [MQTT-3.12.4-1].</summary>
public static class PingHandler
{
    /// <summary>Handles it.</summary>
    public static ProtocolError Handle(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = PingPacket.TryDecode(PacketType.Pingreq, body, out _);
        if (!error.IsError)
            connection.Send(new PingPacket { Type = PacketType.Pingresp }, session.Version);
        return error;
    }
}
