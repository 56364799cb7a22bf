using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// Topics with a retention time of their own. A shorter one than the store's has the topic's queues begin later: what is
/// older is not served, its bytes go with their segment. A longer one is a guard. Retention's thread only.
/// </summary>
internal sealed class TopicTrim
{
    private readonly QueueTable _queues;
    private readonly StoreOptions _options;

    public TopicTrim(QueueTable queues, StoreOptions options)
    {
        _queues = queues;
        _options = options;
    }

    /// <summary>Has queues of topics with a shorter time begin later; gives those.</summary>
    public List<ConsumeQueue> Shorten(ITopicRetention topics, GuardView guards, long now)
    {
        List<ConsumeQueue> shorter = [];
        foreach (var (topic, time) in topics.Topics)
        {
            if (time >= _options.RetentionTime)
                continue;
            var limit = now - (long)time.TotalMilliseconds;
            var needed = guards.LowestOf(topic);
            foreach (var queue in _queues.OfTopic(topic))
            {
                if (queue.IsCompacted || !queue.BeginsBefore(limit))
                    continue;
                var before = queue.MinOffset;
                var first = queue.OffsetByTime(limit);
                if (needed != long.MaxValue)
                    first = Math.Min(first, QueueSearch.FirstAtOrAfter(_queues.Files, queue, before, queue.MaxOffset, needed));
                queue.AdvanceMin(first);
                if (queue.MinOffset > before)
                    shorter.Add(queue);
            }
        }

        return shorter;
    }

    /// <summary>Has the queues of a topic begin behind what lies before a physical offset; gives those that do.</summary>
    public List<ConsumeQueue> Forget(string topic, long physicalOffset) =>
        [.. _queues.OfTopic(topic).Where(queue => queue.TrimTo(physicalOffset))];

    /// <summary>Guards of topics with a longer time.</summary>
    public IEnumerable<IRetentionGuard> Guards(ITopicRetention topics, long now)
    {
        foreach (var (topic, time) in topics.Topics)
        {
            if (time <= _options.RetentionTime)
                continue;
            var lowest = long.MaxValue;
            foreach (var queue in _queues.OfTopic(topic))
                lowest = Math.Min(lowest, queue.PhysicalByTime(now - (long)time.TotalMilliseconds));
            yield return new TopicGuard(topic, lowest);
        }
    }

    private sealed record TopicGuard(string Topic, long LowestNeeded) : IRetentionGuard
    {
        public string Name => $"retention time of topic {Topic}";

        public bool Reads(string topic) => false;
    }
}
