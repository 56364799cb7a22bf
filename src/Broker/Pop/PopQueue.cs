using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// Where a group is in one queue that it pops: the next offset, which the group's saved progress follows as soon as the account
/// of it is kept, and what was popped and not settled.
/// </summary>
/// <remarks>Everything under <see cref="Lock"/>.</remarks>
internal sealed class PopQueue(PopGroup owner, string topic, int queueId) : DueNode
{
    private readonly Dictionary<CheckpointKey, Checkpoint> _checkpoints = [];
    private long _next = -1;
    private long _committed = -1;
    private (long End, long Offset) _waiting = (-1, -1);
    private (long End, long Offset) _latest = (-1, -1);

    public Lock Lock { get; } = new();

    public PopGroup Owner => owner;

    /// <summary>The topic that the queue is of: the group's own, or a retry topic.</summary>
    public string Topic => topic;

    public int QueueId => queueId;

    /// <summary>Messages popped and not settled.</summary>
    public int InFlight { get; private set; }

    /// <summary>What was popped in order; null before that.</summary>
    public PopOrder? Order { get; set; }

    /// <summary>Whether saved progress is behind.</summary>
    public bool HasPending => _waiting.End >= 0;

    /// <summary>
    /// The next offset. Progress that somebody else saved since (a reset, or members that pull) is taken over; -1 when there
    /// is none yet.
    /// </summary>
    /// <param name="offsets">Saved progress.</param>
    /// <param name="wentBack">Whether it went back, so that the account must say so.</param>
    public long Position(IOffsets offsets, out bool wentBack)
    {
        wentBack = false;
        long saved = offsets.Query(owner.Group, topic, queueId);
        if (saved >= 0 && (saved != _committed || _next < 0))
        {
            wentBack = _next > saved;
            _next = _committed = saved;
            _waiting = _latest = (-1, -1);
            if (wentBack)
            {
                Order = null;
            }
        }

        return _next;
    }

    /// <summary>Goes on where an operator set the group; whether that is back, so that the account must say so.</summary>
    public bool Reset(IOffsets offsets, long offset)
    {
        bool wentBack = _next > offset;
        Commit(offsets, offset);
        Order = null;
        return wentBack;
    }

    /// <summary>Saves progress at once, and goes on there; false when there is no room for it.</summary>
    public bool Commit(IOffsets offsets, long offset)
    {
        if (!offsets.Commit(owner.Group, topic, queueId, offset))
        {
            return false;
        }

        _next = _committed = offset;
        _waiting = _latest = (-1, -1);
        return true;
    }

    /// <summary>Goes on; progress is saved when the log is kept up to an offset.</summary>
    public void Advance(long offset, long logEnd)
    {
        _next = offset;
        if (_waiting.End < 0)
        {
            _waiting = (logEnd, offset);
        }
        else
        {
            _latest = (logEnd, offset);
        }
    }

    /// <summary>Saves the progress that may be saved by now.</summary>
    public void CommitKept(IOffsets offsets, Func<long, bool> isKept)
    {
        while (_waiting.End >= 0 && isKept(_waiting.End))
        {
            // Somebody else saved another progress: theirs holds, the next pop sees it.
            if (offsets.Query(owner.Group, topic, queueId) != _committed)
            {
                _waiting = _latest = (-1, -1);
                return;
            }

            if (_waiting.Offset > _committed && offsets.Commit(owner.Group, topic, queueId, _waiting.Offset))
            {
                _committed = _waiting.Offset;
            }

            _waiting = _latest;
            _latest = (-1, -1);
        }
    }

    public bool Contains(in CheckpointKey key) => _checkpoints.ContainsKey(key);

    public Checkpoint? Find(in CheckpointKey key) => _checkpoints.GetValueOrDefault(key);

    public void Add(Checkpoint checkpoint)
    {
        _checkpoints[checkpoint.Key] = checkpoint;
        InFlight += checkpoint.Open;
    }

    /// <summary>Where the first pop began of which not all is settled; -1 without one.</summary>
    public long LowestOpen()
    {
        long lowest = -1;
        foreach (Checkpoint checkpoint in _checkpoints.Values)
        {
            if (checkpoint.Open > 0 && (lowest < 0 || checkpoint.StartOffset < lowest))
            {
                lowest = checkpoint.StartOffset;
            }
        }

        return lowest;
    }

    /// <summary>Settles messages of a checkpoint; how many were open.</summary>
    public int Settle(Checkpoint checkpoint, ReadOnlySpan<long> offsets)
    {
        int settled = 0;
        foreach (long offset in offsets)
        {
            settled += checkpoint.Settle(offset) ? 1 : 0;
        }

        InFlight -= settled;
        return settled;
    }

    public void Remove(Checkpoint checkpoint)
    {
        if (_checkpoints.Remove(checkpoint.Key))
        {
            InFlight -= checkpoint.Open;
        }
    }
}
