using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// QUERY_CONSUMER_OFFSET (14): where a group is. A group without progress is told 0 when the queue still begins there
/// and its first message is recent; otherwise the client decides by its own setting where to begin.
/// </summary>
internal sealed class QueryConsumerOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        QueryConsumerOffsetRequestHeader header = QueryConsumerOffsetRequestHeader.Read(request.Fields);
        long offset = core.Offsets.Query(header.ConsumerGroup, header.Topic, header.QueueId);
        if (offset >= 0)
        {
            request.Reply(ResponseCode.Success, new QueryConsumerOffsetResponseHeader { Offset = offset });
        }
        else if (header.SetZeroIfNotFound == false)
        {
            request.Reply(ResponseCode.QueryNotFound, "Not found, do not set to zero, maybe this group boot first");
        }
        else if (core.Offsets.Min(header.Topic, header.QueueId) <= 0 && core.IsFirstMessageRecent(header.Topic, header.QueueId))
        {
            request.Reply(ResponseCode.Success, new QueryConsumerOffsetResponseHeader { Offset = 0 });
        }
        else
        {
            request.Reply(ResponseCode.QueryNotFound, "Not found, maybe this group consumer boot first");
        }

        return default;
    }
}

/// <summary>UPDATE_CONSUMER_OFFSET (15): a group's progress in a queue.</summary>
internal sealed class UpdateConsumerOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        UpdateConsumerOffsetRequestHeader header = UpdateConsumerOffsetRequestHeader.Read(request.Fields);
        if (core.Groups.FindOrCreate(header.ConsumerGroup) is null)
        {
            request.Reply(ResponseCode.SubscriptionGroupNotExist, $"Group {header.ConsumerGroup} not exist!");
        }
        else if (core.Topics.Find(header.Topic) is not { } topic)
        {
            request.Reply(ResponseCode.TopicNotExist, $"Topic {header.Topic} not exist!");
        }
        else if ((uint)header.QueueId >= (uint)Math.Max(topic.ReadQueues, topic.WriteQueues) || header.CommitOffset < 0)
        {
            request.Reply(ResponseCode.InvalidParameter, $"queueId[{header.QueueId}] or offset[{header.CommitOffset}] is illegal, topic is {header.Topic}");
        }
        else if (core.Tables.Resets.IsPending(topic.Name, header.ConsumerGroup, header.QueueId))
        {
            request.Reply(ResponseCode.Success, default(EmptyFields), "Offset has been previously reset");
        }
        else if (!core.Offsets.Commit(header.ConsumerGroup, topic.Name, header.QueueId, header.CommitOffset))
        {
            request.Reply(ResponseCode.SystemBusy, $"broker busy: progress of {core.Options.MaxOffsets} queues is kept, as many as may be");
        }
        else
        {
            request.Reply(ResponseCode.Success, default(EmptyFields));
        }

        return default;
    }
}
