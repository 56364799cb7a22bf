using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// What a pull filters by: the expression that it brings, or that of its group; where members of the group want different
/// things, that of the member itself. In RocketMQ's order of refusals.
/// </summary>
internal sealed class PullFilter(BrokerCore core)
{
    private const int SubscriptionFlag = 4;
    private const int ClassFilterFlag = 8;

    /// <summary>The filter, or null with code and remark of the refusal.</summary>
    public IMessageFilter? Find(
        in PullMessageRequestHeader header, SubscriptionGroup group, BrokerTopic topic, RemotingConnection connection, out (int Code, string Remark) refused)
    {
        if ((header.SystemFlag & ClassFilterFlag) != 0)
        {
            refused = (ResponseCode.SystemError, "The broker does not support consumer to filter message by class");
            return null;
        }

        IMessageFilter? filter = (header.SystemFlag & SubscriptionFlag) != 0
            ? OfRequest(header, group, topic, out refused)
            : OfGroup(header, group, topic, connection, out refused);
        return filter is { NeedsProperties: true } && topic.IsRetry && core.Options.FilterRetries
            ? new RetryFilter(filter, core.Tables.Filters, group.Name)
            : filter;
    }

    private IMessageFilter? OfRequest(in PullMessageRequestHeader header, SubscriptionGroup group, BrokerTopic topic, out (int Code, string Remark) refused)
    {
        refused = default;
        bool byTags = FilterCompiler.IsTags(header.ExpressionType.Span);
        if (byTags && (header.Subscription.IsEmpty || header.Subscription.Span.SequenceEqual("*"u8)))
        {
            return TagFilter.All;
        }

        // Nearly always it is what the group's heartbeat said before.
        if (byTags && core.Tables.Consumers.FindMembers(group.Name)?.Subscription(topic.Name) is { Filter: TagFilter known, Refusal: null }
            && NameComparer.Instance.Equals(header.Subscription.Span, known.Expression))
        {
            return known;
        }

        IMessageFilter? filter = core.Filters.Compile(header.ExpressionType.Span, header.Subscription.Span, out FilterRefusal? refusal);
        if (filter is null)
        {
            refused = ResponseCodes.Of(refusal!);
        }

        return filter;
    }

    private IMessageFilter? OfGroup(
        in PullMessageRequestHeader header, SubscriptionGroup settings, BrokerTopic topic, RemotingConnection connection, out (int Code, string Remark) refused)
    {
        refused = default;
        if (core.Tables.Consumers.FindMembers(settings.Name) is not { } group)
        {
            refused = (ResponseCode.SubscriptionNotExist, "the consumer's group info not exist");
        }
        else if (!settings.ConsumeBroadcastEnabled && group.Model == GroupModel.Broadcasting)
        {
            refused = (ResponseCode.NoPermission, $"the consumer group[{settings.Name}] can not consume by broadcast way");
        }
        else if (Subscription(group, topic.Name, connection) is not { } subscription)
        {
            refused = (ResponseCode.SubscriptionNotExist, "the consumer's subscription not exist");
        }
        else if (subscription.Version < header.SubscriptionVersion)
        {
            refused = (ResponseCode.SubscriptionNotLatest, "the consumer's subscription not latest");
        }
        else
        {
            return FilterCompiler.IsTags(subscription.ExpressionType) && subscription.Refusal is not { Kind: FilterRefusalKind.NotSupported }
                ? subscription.Filter
                : ByProperties(subscription, settings.Name, header.SubscriptionVersion, out refused);
        }

        return null;
    }

    private GroupSubscription? Subscription(ConsumerGroup group, string topic, RemotingConnection connection)
    {
        GroupSubscription? ofGroup = group.Subscription(topic);
        switch (core.Options.DifferentSubscriptions)
        {
            case DifferentSubscriptions.Refuse:
                return group.FindByConnection(connection) is null ? null : ofGroup;
            case DifferentSubscriptions.EachItsOwn when group.Differ(topic):
                return group.FindByConnection(connection)?.Subscriptions.FirstOrDefault(own => own.Topic == topic) ?? ofGroup;
            default:
                return ofGroup;
        }
    }

    private IMessageFilter? ByProperties(GroupSubscription subscription, string group, long wantedVersion, out (int Code, string Remark) refused)
    {
        refused = default;
        if (subscription.Refusal is { Kind: FilterRefusalKind.NotSupported } refusal)
        {
            refused = ResponseCodes.Of(refusal);
        }
        else if (subscription.Refusal is not null)
        {
            refused = (ResponseCode.FilterDataNotExist, $"The broker's consumer filter data is not exist!Your expression may be wrong! {subscription.Refusal.Reason}");
        }
        else if (core.Tables.Filters.Find(subscription.Topic, group) is { } kept && kept.ClientVersion < wantedVersion)
        {
            refused = (ResponseCode.FilterDataNotLatest, "the consumer's consumer filter data not latest");
        }
        else
        {
            return subscription.Filter;
        }

        return null;
    }
}
