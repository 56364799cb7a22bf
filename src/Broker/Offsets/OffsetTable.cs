using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Broker.Offsets;

/// <summary>Progress of consumer groups by topic, group and queue.</summary>
/// <remarks>Thread safe. A commit of a known queue allocates nothing.</remarks>
public sealed class OffsetTable
{
    private readonly ConcurrentDictionary<OffsetKey, QueueOffset> _offsets = new();
    private int _changed;

    /// <summary>How many queues have progress.</summary>
    public int Count => _offsets.Count;

    /// <summary>Progress, or -1.</summary>
    public long Query(string group, string topic, int queueId) =>
        _offsets.TryGetValue(new OffsetKey(topic, group, queueId), out QueueOffset? offset) ? Volatile.Read(ref offset.Value) : -1;

    /// <summary>Sets progress; false when the table is full.</summary>
    public bool Commit(string group, string topic, int queueId, long value, int limit = int.MaxValue)
    {
        var key = new OffsetKey(topic, group, queueId);
        if (!_offsets.TryGetValue(key, out QueueOffset? offset))
        {
            if (_offsets.Count >= limit)
            {
                return false;
            }

            offset = _offsets.GetOrAdd(key, static _ => new QueueOffset());
        }

        if (Interlocked.Exchange(ref offset.Value, value) != value)
        {
            Volatile.Write(ref _changed, 1);
        }

        return true;
    }

    /// <summary>Sets progress when it is further than what is saved; false when the table is full.</summary>
    public bool Advance(string group, string topic, int queueId, long value, int limit = int.MaxValue)
    {
        if (!_offsets.TryGetValue(new OffsetKey(topic, group, queueId), out QueueOffset? offset))
        {
            return Commit(group, topic, queueId, value, limit);
        }

        for (long saved = Volatile.Read(ref offset.Value); saved < value;)
        {
            long now = Interlocked.CompareExchange(ref offset.Value, value, saved);
            if (now == saved)
            {
                Volatile.Write(ref _changed, 1);
                break;
            }

            saved = now;
        }

        return true;
    }

    /// <summary>Whether anything changed since the last call.</summary>
    public bool TakeChanged() => Interlocked.Exchange(ref _changed, 0) != 0;

    /// <summary>Makes the next <see cref="TakeChanged"/> answer true: what was taken could not be written.</summary>
    public void PutChangedBack() => Volatile.Write(ref _changed, 1);

    /// <summary>Everything, grouped as the file has it: <c>topic@group</c>, then queues.</summary>
    public IEnumerable<IGrouping<(string Topic, string Group), KeyValuePair<int, long>>> Snapshot() =>
        _offsets
            .Select(static entry => (entry.Key, Value: Volatile.Read(ref entry.Value.Value)))
            .GroupBy(
                static entry => (entry.Key.Topic, entry.Key.Group),
                static entry => KeyValuePair.Create(entry.Key.QueueId, entry.Value));

    /// <summary>Topics and groups in them that have progress, as far as they are wanted; each is asked for once.</summary>
    public IReadOnlyCollection<(string Topic, string Group)> Pairs(Func<string, string, bool> wanted)
    {
        var asked = new Dictionary<(string Topic, string Group), bool>();
        foreach ((OffsetKey key, _) in _offsets)
        {
            if (!asked.ContainsKey((key.Topic, key.Group)))
            {
                asked.Add((key.Topic, key.Group), wanted(key.Topic, key.Group));
            }
        }

        return [.. asked.Where(static pair => pair.Value).Select(static pair => pair.Key)];
    }

    /// <summary>Notes how far a queue with progress was given out.</summary>
    public void NotePull(string group, string topic, int queueId, long value)
    {
        if (_offsets.TryGetValue(new OffsetKey(topic, group, queueId), out QueueOffset? offset))
        {
            Volatile.Write(ref offset.Pulled, value);
        }
    }

    /// <summary>How far a queue was given out since the start, at least its progress; -1 without any.</summary>
    public long Pulled(string group, string topic, int queueId) =>
        _offsets.TryGetValue(new OffsetKey(topic, group, queueId), out QueueOffset? offset)
            ? Math.Max(Volatile.Read(ref offset.Value), Volatile.Read(ref offset.Pulled))
            : -1;

    /// <summary>Queues of a topic in which a group has progress.</summary>
    public IReadOnlyDictionary<int, long> Queues(string group, string topic) => _offsets
        .Where(entry => entry.Key.Topic == topic && entry.Key.Group == group)
        .ToDictionary(static entry => entry.Key.QueueId, static entry => Volatile.Read(ref entry.Value.Value));

    /// <summary>Topics in which a group has progress.</summary>
    public IReadOnlyList<string> TopicsOf(string group) =>
        [.. _offsets.Keys.Where(key => key.Group == group).Select(static key => key.Topic).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Removes the progress of all groups in a topic, or of a group in all topics.</summary>
    public void Remove(string? topic, string? group)
    {
        foreach (OffsetKey key in _offsets.Keys)
        {
            if ((topic is null || key.Topic == topic) && (group is null || key.Group == group) && _offsets.TryRemove(key, out _))
            {
                Volatile.Write(ref _changed, 1);
            }
        }
    }

    /// <summary>Groups that have progress in a topic.</summary>
    public IReadOnlyList<string> GroupsOf(string topic) =>
        [.. _offsets.Keys.Where(key => key.Topic == topic).Select(static key => key.Group).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private readonly record struct OffsetKey(string Topic, string Group, int QueueId);

    private sealed class QueueOffset
    {
        public long Value = -1;
        public long Pulled = -1;
    }
}
