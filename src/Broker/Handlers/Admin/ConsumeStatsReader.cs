using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>Where groups are.</summary>
internal static class ConsumeStatsReader
{
    /// <summary>
    /// Whether a topic counts for a group: not when the group has members and none of them reads it, because its progress is
    /// then of an earlier time.
    /// </summary>
    public static bool Counts(BrokerCore core, string group, string topic) =>
        core.Tables.Consumers.FindMembers(group) is not { } members || members.Subscription(topic) is not null || members.Subscriptions().Count == 0;

    /// <summary>Adds where a group is in a topic.</summary>
    public static void Add(BrokerCore core, ConsumeStats stats, string group, BrokerTopic topic, int queues)
    {
        for (int queueId = 0; queueId < queues; queueId++)
        {
            long progress = Math.Max(0, core.Offsets.Query(group, topic.Name, queueId));
            stats.Offsets.Add(
                new MessageQueueData { Topic = topic.Name, BrokerName = core.Options.Name, QueueId = queueId },
                new ConsumeOffset
                {
                    BrokerOffset = core.Offsets.Max(topic.Name, queueId),
                    ConsumerOffset = progress,
                    PullOffset = Math.Max(progress, core.Tables.Offsets.Pulled(group, topic.Name, queueId)),
                    LastTimestamp = Math.Max(0, core.StoreTimeAt(topic.Name, queueId, progress - 1)),
                });
        }

        stats.ConsumeTps += core.Statistics.GetTps(topic.Name, group);
    }
}
