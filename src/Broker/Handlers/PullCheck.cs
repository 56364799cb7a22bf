using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Checks a pull and finds what it names, in RocketMQ's order of refusals.</summary>
internal sealed class PullCheck(BrokerCore core)
{
    private const int SuspendFlag = 2;

    private readonly PullFilter _filter = new(core);

    /// <summary>The checked pull, or the code and remark of the refusal.</summary>
    public (int Code, string? Remark) Check(in PullMessageRequestHeader header, RemotingConnection connection, bool oneWay, out PullRequest? pull)
    {
        pull = null;
        if ((core.Options.Permission & BrokerTopic.Read) == 0)
        {
            return (ResponseCode.NoPermission, $"the broker[{core.Options.Name}] pulling message is forbidden");
        }

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

        IMessageFilter? filter = _filter.Find(header, group, topic, connection, out (int Code, string Remark) refused);
        if (filter is null)
        {
            return refused;
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
}
