using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>QUERY_CONSUME_TIME_SPAN (303): how old what a group reads of a topic is, by queue.</summary>
internal sealed class ConsumeTimeSpanHandler(BrokerCore core, TimeProvider time) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        QueryConsumeTimeSpanRequestHeader header = QueryConsumeTimeSpanRequestHeader.Read(request.Fields);
        if (core.Topics.Find(header.Topic) is not { } topic)
        {
            return Answer.With(request, ResponseCode.TopicNotExist, $"topic[{header.Topic}] not exist");
        }

        var body = new QueryConsumeTimeSpanBody();
        for (int queueId = 0; queueId < topic.WriteQueues; queueId++)
        {
            body.Queues.Add(OfQueue(header.Group, topic.Name, queueId));
        }

        return Answer.With(request, body, AdminJson.Bodies.QueryConsumeTimeSpanBody);
    }

    private QueueTimeSpan OfQueue(string group, string topic, int queueId)
    {
        long max = core.Offsets.Max(topic, queueId);
        long progress = core.Offsets.Query(group, topic, queueId);
        long oldest = core.EarliestStoreTime(topic, queueId);
        long next = progress < max ? core.StoreTimeAt(topic, queueId, Math.Max(progress, core.Offsets.Min(topic, queueId))) : -1;
        return new QueueTimeSpan
        {
            Queue = new MessageQueueData { Topic = topic, BrokerName = core.Options.Name, QueueId = queueId },
            MinTimestamp = oldest,
            MaxTimestamp = core.StoreTimeAt(topic, queueId, max - 1),
            ConsumeTimestamp = progress > 0 ? core.StoreTimeAt(topic, queueId, progress - 1) : oldest,
            DelayTime = next > 0 ? Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - next) : 0,
        };
    }
}
