using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>DISCONNECT from a client: nothing more is sent, and the connection closes [MQTT-3.14.4-1] [MQTT-3.14.4-2].</summary>
public static class DisconnectHandler
{
    /// <summary>Handles it.</summary>
    public static ProtocolError Handle(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = ReasonPacket.TryDecode(PacketType.Disconnect, body, session.Version, out ReasonPacket packet);
        if (error.IsError)
            return error;
        uint expiry = packet.Properties.GetNumber(PropertyId.SessionExpiryInterval, uint.MaxValue);
        // 3.14.2.2.2: what was 0 in CONNECT must not become anything else.
        if (packet.Properties.Contains(PropertyId.SessionExpiryInterval))
        {
            if (expiry > 0 && !session.Limits.AskedForSession)
                return ProtocolError.Violation("session expiry interval was 0 in CONNECT and is not in DISCONNECT");
            if (session.Kept is { } kept)
                kept.Record = kept.Record with { ExpirySeconds = connection.Shared.Sessions.Grant(expiry) };
        }

        if (packet.Reason == ReasonCode.Success)
            connection.WillFate = WillFate.Delete;
        connection.CloseQuietly();
        return default;
    }
}
