using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_TOPIC_STATS_INFO (202): the ends of a topic's queues.</summary>
internal sealed class TopicStatsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string name = GetTopicStatsRequestHeader.Read(request.Fields).Topic;
        if (core.Topics.Find(name) is not { } topic)
        {
            return Answer.With(request, ResponseCode.TopicNotExist, $"topic[{name}] not exist");
        }

        var table = new TopicStatsTable { PutTps = core.Statistics.PutTps(name) };
        for (int queueId = 0; queueId < Math.Max(topic.ReadQueues, topic.WriteQueues); queueId++)
        {
            long max = core.Offsets.Max(name, queueId);
            table.Offsets.Add(
                new MessageQueueData { Topic = name, BrokerName = core.Options.Name, QueueId = queueId },
                new TopicOffset
                {
                    MinOffset = core.Offsets.Min(name, queueId),
                    MaxOffset = max,
                    LastUpdateTimestamp = Math.Max(0, core.StoreTimeAt(name, queueId, max - 1)),
                });
        }

        return Answer.With(request, table, AdminJson.Bodies.TopicStatsTable);
    }
}

/// <summary>GET_SYSTEM_TOPIC_LIST_FROM_BROKER (305): the topics that are no user's.</summary>
internal sealed class SystemTopicsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var list = new TopicList
        {
            Topics = [.. TopicName.SystemTopics.Union(core.Topics.All().Where(static topic => topic.IsSystem).Select(static topic => topic.Name)).Order(StringComparer.Ordinal)],
        };
        return Answer.With(request, list, RemotingJson.Bodies.TopicList);
    }
}
