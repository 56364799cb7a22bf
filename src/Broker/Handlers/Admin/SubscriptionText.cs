using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>What a group reads of a topic, as a client would say it.</summary>
internal static class SubscriptionText
{
    /// <summary>With the tags and their hashes, which a client derives from the expression.</summary>
    public static SubscriptionData Of(GroupSubscription subscription)
    {
        string[] tags = subscription.ExpressionType == "TAG" && subscription.Expression != "*"
            ? [.. subscription.Expression.Split("||", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)]
            : [];
        return new SubscriptionData
        {
            Topic = subscription.Topic,
            Expression = subscription.Expression,
            ExpressionType = subscription.ExpressionType,
            Version = subscription.Version,
            Tags = [.. tags],
            CodeSet = [.. tags.Select(static tag => (int)TagHash.Of(tag))],
        };
    }
}
