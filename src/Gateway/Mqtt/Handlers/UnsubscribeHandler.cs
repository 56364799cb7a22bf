using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>UNSUBSCRIBE, answered by UNSUBACK [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6].</summary>
public sealed class UnsubscribeHandler
{
    /// <summary>Handles it.</summary>
    public async ValueTask<ProtocolError> HandleAsync(MqttConnection connection, MqttSession session, ReadOnlyMemory<byte> body)
    {
        ProtocolError error = UnsubscribePacket.TryDecode(body, session.Version, out UnsubscribePacket? packet);
        if (error.IsError || packet is null)
            return error;

        byte[] codes = new byte[packet.Filters.Count];
        for (int i = 0; i < codes.Length; i++)
        {
            ReadOnlyMemory<byte> filter = packet.Filters[i];
            codes[i] = TopicRules.IsShared(filter.Span)
                ? (byte)await SharedSubscribing.UnsubscribeAsync(connection, filter).ConfigureAwait(false)
                : (byte)Unsubscribe(connection, session, filter.Span);
        }

        connection.Send(new SubscriptionAckPacket { Type = PacketType.Unsuback, PacketId = packet.PacketId, Codes = codes }, session.Version);
        return default;
    }

    private static ReasonCode Unsubscribe(MqttConnection connection, MqttSession session, ReadOnlySpan<byte> filter)
    {
        if (!session.Subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter, out _, out Subscription? removed))
            return ReasonCode.NoSubscriptionExisted;
        connection.Shared.Router.Unsubscribe(filter, session);
        session.Forget(removed);
        return ReasonCode.Success;
    }
}
