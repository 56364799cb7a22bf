using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>SUBSCRIBE and UNSUBSCRIBE of <c>$share/name/filter</c>.</summary>
public static class SharedSubscribing
{
    /// <summary>Joins the group: the granted QoS, or why not. At most 1 is granted: a group delivers at least once.</summary>
    public static async ValueTask<ProtocolError> SubscribeAsync(
        MqttConnection connection,
        MqttSession session,
        ReadOnlyMemory<byte> filter,
        byte qos,
        uint identifier)
    {
        ProtocolError refusal = SharedFilter.TryRead(filter.Span, out SharedFilter? shared);
        if (refusal.IsError || shared is null)
            return refusal;
        if (TopicRules.CountLevels(filter.Span) > connection.Shared.Options.TopicLevels)
            return new ProtocolError(ReasonCode.TopicFilterInvalid, $"topic filter of more than {connection.Shared.Options.TopicLevels} levels");
        ConnectionShares shares = connection.Shares ??= new ConnectionShares(connection, session);
        if (!shares.Contains(filter.Span) && shares.Count + session.Subscriptions.Count >= connection.Shared.Options.SubscriptionsPerSession)
            return new ProtocolError(ReasonCode.QuotaExceeded, "as many subscriptions as a session may have");
        try
        {
            await shares.SubscribeAsync(shared, Granted(qos), identifier, connection.Ending).ConfigureAwait(false);
            return default;
        }
        catch (BridgeException refused)
        {
            return new ProtocolError(BridgeErrorMap.ToSubackReason(refused.Error), refused.Message);
        }
    }

    /// <summary>The QoS that is granted for one that was asked for.</summary>
    public static byte Granted(byte qos) => Math.Min(qos, (byte)1);

    /// <summary>Leaves the group.</summary>
    public static async ValueTask<ReasonCode> UnsubscribeAsync(MqttConnection connection, ReadOnlyMemory<byte> filter)
        => connection.Shares is { } shares && await shares.UnsubscribeAsync(filter).ConfigureAwait(false)
            ? ReasonCode.Success
            : ReasonCode.NoSubscriptionExisted;
}
