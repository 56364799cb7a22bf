using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
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

        SubscriptionEdit? edit = session.Kept is { } kept ? new SubscriptionEdit(kept, connection.Shared.Sessions) : null;
        byte[] codes = new byte[packet.Filters.Count];
        for (int i = 0; i < codes.Length; i++)
        {
            ReadOnlyMemory<byte> filter = packet.Filters[i];
            codes[i] = TopicRules.IsShared(filter.Span)
                ? (byte)await SharedSubscribing.UnsubscribeAsync(connection, filter).ConfigureAwait(false)
                : (byte)Unsubscribe(connection, session, filter.Span);
        }

        if (edit is not null && !await TryKeepAsync(connection, session, edit, packet).ConfigureAwait(false))
        {
            // Before version 5 an UNSUBACK cannot refuse.
            if (session.Version != ProtocolVersion.Mqtt5)
                return new ProtocolError(ReasonCode.UnspecifiedError, "the session could not be saved");
            Array.Fill(codes, (byte)ReasonCode.UnspecifiedError);
        }

        connection.Send(new SubscriptionAckPacket { Type = PacketType.Unsuback, PacketId = packet.PacketId, Codes = codes }, session.Version);
        return default;
    }

    private static ReasonCode Unsubscribe(MqttConnection connection, MqttSession session, ReadOnlySpan<byte> filter)
    {
        if (!session.Unsubscribe(filter, out Subscription? removed))
            return ReasonCode.NoSubscriptionExisted;
        connection.Shared.Router.Unsubscribe(filter, session);
        session.Forget(removed);
        return ReasonCode.Success;
    }

    /// <summary>An UNSUBACK says of a session that outlives its connection only what is durable.</summary>
    private static async ValueTask<bool> TryKeepAsync(MqttConnection connection, MqttSession session, SubscriptionEdit edit, UnsubscribePacket packet)
    {
        try
        {
            foreach (ReadOnlyMemory<byte> filter in packet.Filters)
                edit.Remove(filter.Span);
            await edit.SaveAsync(connection.Ending).ConfigureAwait(false);
            return true;
        }
        catch (BridgeException failed)
        {
            SessionLog.NotSaved(connection.Shared.Logger, session.ClientId, failed.Message);
            return false;
        }
    }
}
