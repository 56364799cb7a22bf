using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The topics that gateways keep their own records in.</summary>
internal static class OwnTopic
{
    private const string Compacted = "+cleanup.policy=COMPACTION";
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Finds or makes the topic. Its records are in one queue of one broker, the first by name: two queues would have no
    /// order between them. On brokers of this project it is compacted.
    /// </summary>
    public static async ValueTask<MessageQueue> FindQueueAsync(
        string topic, ClusterConnection connection, QueueReader reader, ClusterOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        IReadOnlyList<MessageQueue> queues = await reader.ListQueuesAsync(topic, cancellationToken).ConfigureAwait(false);
        if (queues.Count > 0)
        {
            return queues[0];
        }

        var admin = new AdminClient(connection);
        BrokerRoute broker = (await admin.ListBrokersAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(known => known.Addresses.ContainsKey(0))
            ?? throw new BridgeException(BridgeError.Unreachable, $"The name servers {options.NameServers} know no broker with a master.");
        string version = await admin.GetBrokerVersionAsync(broker.Name, cancellationToken).ConfigureAwait(false);
        string? attributes = version.StartsWith("ProtoBridgeMQ", StringComparison.Ordinal) ? Compacted : null;
        await admin.CreateTopicAsync(topic, 1, broker.Name, attributes, cancellationToken).ConfigureAwait(false);
        long start = clock.GetTimestamp();
        while (queues.Count == 0)
        {
            if (clock.GetElapsedTime(start) > options.PublishTimeout)
            {
                throw new BridgeException(BridgeError.Timeout, $"Topic {topic} was created, and the name servers do not know it yet.");
            }

            await Task.Delay(LookAgain, clock, cancellationToken).ConfigureAwait(false);
            queues = await reader.ListQueuesAsync(topic, cancellationToken).ConfigureAwait(false);
        }

        return queues[0];
    }
}
