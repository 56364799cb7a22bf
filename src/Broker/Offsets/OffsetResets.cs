using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Broker.Offsets;

/// <summary>
/// Progress that an operator set and that the group's readers have not taken up yet: they are told at their next read, and
/// what they save until then does not count, because it comes from before.
/// </summary>
/// <remarks>Thread safe; costs one look at a number while there are none. The new progress itself is in the table of progress.</remarks>
public sealed class OffsetResets
{
    private readonly ConcurrentDictionary<(string Topic, string Group, int QueueId), long> _resets = new();
    private int _count;

    /// <summary>How many queues there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Notes a reset; false when there are as many as may be.</summary>
    public bool Set(string topic, string group, int queueId, long offset, int limit)
    {
        var key = (topic, group, queueId);
        if (Count >= limit && !_resets.ContainsKey(key))
        {
            return false;
        }

        _resets[key] = offset;
        Volatile.Write(ref _count, _resets.Count);
        return true;
    }

    /// <summary>Whether a reset was not taken up yet.</summary>
    public bool IsPending(string topic, string group, int queueId) => Count > 0 && _resets.ContainsKey((topic, group, queueId));

    /// <summary>Takes a reset up: the offset to go on with; false when there is none.</summary>
    public bool TryTake(string topic, string group, int queueId, out long offset)
    {
        offset = 0;
        if (Count == 0 || !_resets.TryRemove((topic, group, queueId), out offset))
        {
            return false;
        }

        Volatile.Write(ref _count, _resets.Count);
        return true;
    }

    /// <summary>Forgets the resets of a topic, of a group, or of both.</summary>
    public void Forget(string? topic, string? group)
    {
        foreach ((string Topic, string Group, int QueueId) key in _resets.Keys)
        {
            if ((topic is null || key.Topic == topic) && (group is null || key.Group == group))
            {
                _resets.TryRemove(key, out _);
            }
        }

        Volatile.Write(ref _count, _resets.Count);
    }
}
