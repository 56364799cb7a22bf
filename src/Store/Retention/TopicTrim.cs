using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// Topics with limits of their own. A shorter time than the store's, or a size, has the topic's queues begin later: what is
/// older is not served, its bytes go with their segment. A longer time is a guard. Retention's thread only.
/// </summary>
internal sealed class TopicTrim
{
    private readonly QueueTable _queues;
    private readonly StoreOptions _options;
    private readonly TopicSizes _sizes = new();

    public TopicTrim(QueueTable queues, StoreOptions options)
    {
        _queues = queues;
        _options = options;
    }

    /// <summary>Has queues of topics with a shorter time, or a size, begin later; gives those.</summary>
    public List<ConsumeQueue> Shorten(ITopicRetention topics, GuardView guards, long now)
    {
        HashSet<ConsumeQueue> shorter = [];
        foreach (var limit in topics.Topics)
        {
            var needed = guards.LowestOf(limit.Topic);
            if (limit.Time is { } time && time < _options.RetentionTime)
                ShortenByTime(limit.Topic, now - (long)time.TotalMilliseconds, needed, shorter);
            if (limit.Bytes is { } bytes)
                ShortenBySize(limit.Topic, bytes, needed, shorter);
        }

        _sizes.EndPass();
        return [.. shorter];
    }

    /// <summary>Has the queues of a topic begin behind what lies before a physical offset; gives those that do.</summary>
    public List<ConsumeQueue> Forget(string topic, long physicalOffset) =>
        [.. _queues.OfTopic(topic).Where(queue => queue.TrimTo(physicalOffset))];

    /// <summary>Guards of topics with a longer time.</summary>
    public IEnumerable<IRetentionGuard> Guards(ITopicRetention topics, long now)
    {
        foreach (var limit in topics.Topics)
        {
            if (limit.Time is not { } time || time <= _options.RetentionTime)
                continue;
            var lowest = long.MaxValue;
            foreach (var queue in _queues.OfTopic(limit.Topic))
                lowest = Math.Min(lowest, queue.PhysicalByTime(now - (long)time.TotalMilliseconds));
            yield return new TopicGuard(limit.Topic, lowest);
        }
    }

    private void ShortenByTime(string topic, long limit, long needed, HashSet<ConsumeQueue> shorter)
    {
        foreach (var queue in Ordinary(topic))
        {
            if (!queue.BeginsBefore(limit))
                continue;
            var first = queue.OffsetByTime(limit);
            if (needed != long.MaxValue)
                first = Math.Min(first, QueueSearch.FirstAtOrAfter(_queues.Files, queue, queue.MinOffset, queue.MaxOffset, needed));
            _sizes.Leave(queue, first);
            Advance(queue, first, shorter);
        }
    }

    private void ShortenBySize(string topic, long bytes, long needed, HashSet<ConsumeQueue> shorter)
    {
        foreach (var (queue, first) in _sizes.Fit(Ordinary(topic), bytes, needed))
            Advance(queue, first, shorter);
    }

    /// <summary>Of a compacted topic the latest of each key are kept, whatever its limits say.</summary>
    private IEnumerable<ConsumeQueue> Ordinary(string topic) => _queues.OfTopic(topic).Where(static queue => !queue.IsCompacted);

    private static void Advance(ConsumeQueue queue, long first, HashSet<ConsumeQueue> shorter)
    {
        var before = queue.MinOffset;
        queue.AdvanceMin(first);
        if (queue.MinOffset > before)
            shorter.Add(queue);
    }

    private sealed record TopicGuard(string Topic, long LowestNeeded) : IRetentionGuard
    {
        public string Name => $"retention time of topic {Topic}";

        public bool Reads(string topic) => false;
    }
}
