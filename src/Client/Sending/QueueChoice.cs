namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Chooses the queue of a message.</summary>
internal static class QueueChoice
{
    /// <summary>
    /// The next queue in turn on a broker that is neither avoided nor the one that just failed; when there is none,
    /// one that just did not fail; else any: a slow broker is better than no broker.
    /// </summary>
    public static MessageQueue Next(ReadOnlySpan<MessageQueue> queues, uint turn, string? failedBroker, FaultTable faults)
    {
        int start = (int)(turn % (uint)queues.Length);
        int fallback = -1;
        for (int i = 0; i < queues.Length; i++)
        {
            int index = (start + i) % queues.Length;
            string broker = queues[index].BrokerName;
            if (broker == failedBroker)
            {
                continue;
            }

            if (faults.IsAvailable(broker))
            {
                return queues[index];
            }

            fallback = fallback < 0 ? index : fallback;
        }

        return queues[fallback < 0 ? start : fallback];
    }

    /// <summary>The queue of an ordering hash: the same one for as long as the topic has as many queues.</summary>
    public static MessageQueue Ordered(ReadOnlySpan<MessageQueue> queues, int hash) => queues[(hash & int.MaxValue) % queues.Length];
}
