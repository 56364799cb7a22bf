using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Checks a pull and finds what it names, in RocketMQ's order of refusals.</summary>
internal sealed class PullCheck(BrokerCore core)
{
    private const int SuspendFlag = 2;
    private const int SubscriptionFlag = 4;

    /// <summary>The checked pull, or the code and remark of the refusal.</summary>
    public (int Code, string? Remark) Check(in PullMessageRequestHeader header, bool oneWay, out PullRequest? pull)
    {
        pull = null;
        if (core.Tables.Settings.FindOrCreate(header.ConsumerGroup.Span) is not { } group)
        {
            return (ResponseCode.SubscriptionGroupNotExist, $"subscription group [{header.ConsumerGroup}] does not exist");
        }

        if (!group.ConsumeEnabled)
        {
            return (ResponseCode.NoPermission, $"subscription group no permission, {group.Name}");
        }

        if (core.Topics.Find(header.Topic.Span) is not { } topic)
        {
            return (ResponseCode.TopicNotExist, $"topic[{header.Topic}] not exist, apply first please!");
        }

        if (!topic.IsReadable)
        {
            return (ResponseCode.NoPermission, $"the topic[{topic.Name}] pulling message is forbidden");
        }

        if ((uint)header.QueueId >= (uint)topic.ReadQueues)
        {
            return (ResponseCode.InvalidParameter, $"queueId[{header.QueueId}] is illegal, topic:[{topic.Name}] topicConfig.readQueueNums:[{topic.ReadQueues}]");
        }

        if (header.MaxMessages <= 0)
        {
            return (ResponseCode.InvalidParameter, $"maxMsgNums[{header.MaxMessages}] is illegal");
        }

        (int code, string? remark, IMessageFilter? filter) = (header.SystemFlag & SubscriptionFlag) != 0
            ? FilterOfRequest(header, group, topic)
            : FilterOfGroup(header, group, topic);
        if (filter is null)
        {
            return (code, remark);
        }

        pull = new PullRequest(
            topic, group, header.QueueId, header.QueueOffset, header.MaxMessages,
            header.MaxBytes is { } bytes and > 0 ? bytes : core.Options.MaxPullBytes,
            filter, HoldTime(header, oneWay));
        return default;
    }

    private TimeSpan HoldTime(in PullMessageRequestHeader header, bool oneWay) =>
        oneWay || (header.SystemFlag & SuspendFlag) == 0 || header.SuspendTimeoutMillis <= 0
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Min(header.SuspendTimeoutMillis, core.Options.MaxPullHold.TotalMilliseconds));

    private (int Code, string? Remark, IMessageFilter? Filter) FilterOfRequest(in PullMessageRequestHeader header, SubscriptionGroup group, BrokerTopic topic)
    {
        if (!IsTag(header.ExpressionType))
        {
            return NotSupported(header.ExpressionType.ToString());
        }

        if (header.Subscription.IsEmpty || header.Subscription.Span.SequenceEqual("*"u8))
        {
            return (0, null, TagFilter.All);
        }

        // Nearly always it is what the group's heartbeat said before.
        GroupSubscription? known = core.Tables.Consumers.FindMembers(group.Name)?.Subscription(topic.Name);
        if (known is not null && NameComparer.Instance.Equals(header.Subscription.Span, known.Expression))
        {
            return (0, null, known.Filter);
        }

        return TagFilter.Parse(header.Subscription.ToString()) is { } filter
            ? (0, null, filter)
            : (ResponseCode.SubscriptionParseFailed, "parse the consumer's subscription failed", null);
    }

    private (int Code, string? Remark, IMessageFilter? Filter) FilterOfGroup(in PullMessageRequestHeader header, SubscriptionGroup settings, BrokerTopic topic)
    {
        if (core.Tables.Consumers.FindMembers(settings.Name) is not { } group)
        {
            return (ResponseCode.SubscriptionNotExist, "the consumer's group info not exist", null);
        }

        if (!settings.ConsumeBroadcastEnabled && group.Model == GroupModel.Broadcasting)
        {
            return (ResponseCode.NoPermission, $"the consumer group[{settings.Name}] can not consume by broadcast way", null);
        }

        if (group.Subscription(topic.Name) is not { } subscription)
        {
            return (ResponseCode.SubscriptionNotExist, "the consumer's subscription not exist", null);
        }

        if (subscription.Version < header.SubscriptionVersion)
        {
            return (ResponseCode.SubscriptionNotLatest, "the consumer's subscription not latest", null);
        }

        return subscription.ExpressionType is "TAG"
            ? (0, null, subscription.Filter)
            : NotSupported(subscription.ExpressionType);
    }

    private static bool IsTag(HeaderText type) => type.IsEmpty || Ascii.EqualsIgnoreCase(type.Span, "TAG"u8);

    private static (int Code, string? Remark, IMessageFilter? Filter) NotSupported(string type) =>
        (ResponseCode.SystemError, $"The broker does not support consumer to filter message by {type}", null);
}
