using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Checks what pops, peeks, notifications and their like name, in RocketMQ's order of refusals.</summary>
internal sealed class PopCheck(BrokerCore core)
{
    /// <summary>Most messages of a pop.</summary>
    public const int MostMessages = 32;

    /// <summary>The topic and the group, for a queue or all; or the code and remark of the refusal.</summary>
    public (int Code, string? Remark) Check(HeaderText topicName, HeaderText groupName, int queueId, out PopRequest request)
    {
        request = default;
        if (core.Topics.Find(topicName.Span) is not { } topic)
        {
            return (ResponseCode.TopicNotExist, $"topic[{topicName}] not exist, apply first please!");
        }

        if (!topic.IsReadable)
        {
            return (ResponseCode.NoPermission, $"the topic[{topic.Name}] peeking message is forbidden");
        }

        if (queueId >= topic.ReadQueues)
        {
            return (ResponseCode.InvalidParameter, $"queueId[{queueId}] is illegal, topic:[{topic.Name}] topicConfig.readQueueNums:[{topic.ReadQueues}]");
        }

        if (core.Tables.Settings.FindOrCreate(groupName.Span) is not { } group)
        {
            return (ResponseCode.SubscriptionGroupNotExist, $"subscription group [{groupName}] does not exist");
        }

        if (!group.ConsumeEnabled)
        {
            return (ResponseCode.NoPermission, $"subscription group no permission, {group.Name}");
        }

        request = new PopRequest(topic, group, queueId, MostMessages, 0);
        return default;
    }

    /// <summary>The same for a whole pop.</summary>
    public (int Code, string? Remark) Check(in PopMessageRequestHeader header, out PopRequest request)
    {
        request = default;
        if (header.MaxMessages is > MostMessages or <= 0)
        {
            string what = header.MaxMessages > 0 ? $"greater than {MostMessages}" : "not greater than 0";
            return (ResponseCode.InvalidParameter, $"the broker[{core.StoreHost.Address}] pop message's num is {what}");
        }

        (int code, string? remark) = Check(header.Topic, header.ConsumerGroup, header.QueueId, out request);
        if (code != 0)
        {
            return (code, remark);
        }

        (code, remark, IMessageFilter? filter) = FilterOf(header);
        request = request with
        {
            MaxMessages = header.MaxMessages,
            InvisibleTime = header.InvisibleTime,
            FromOldest = header.InitMode == 0,
            Filter = filter,
            IsOrdered = header.Order == true,
            AttemptId = header.AttemptId,
        };
        return (code, remark);
    }

    private (int Code, string? Remark, IMessageFilter? Filter) FilterOf(in PopMessageRequestHeader header)
    {
        if (header.Expression.IsEmpty || (header.Expression.Span.SequenceEqual("*"u8) && FilterCompiler.IsTags(header.ExpressionType.Span)))
        {
            return default;
        }

        IMessageFilter? filter = core.Filters.Compile(header.ExpressionType.Span, header.Expression.Span, out FilterRefusal? refusal);
        if (filter is null)
        {
            return refusal!.Kind == FilterRefusalKind.NotSupported
                ? (ResponseCode.SystemError, refusal.Reason, null)
                : (ResponseCode.SubscriptionParseFailed, "parse the consumer's subscription failed", null);
        }

        return (0, null, filter.IsAll ? null : filter);
    }
}
