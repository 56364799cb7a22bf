namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>Which wills are due when. Entries of wills that are gone stay until their time, or until room is needed.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class WillSchedule
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<WillName, long> _due = new();
    private readonly int _maximum;

    public WillSchedule(int maximum) => _maximum = maximum;

    /// <summary>Entries, those of wills that are gone among them.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _due.Count;
        }
    }

    /// <summary>Adds a will; false when there is no room, also after those that are gone were left out.</summary>
    public bool TryAdd(WillName will, long dueAt, Func<WillName, bool> isThere)
    {
        lock (_gate)
        {
            if (_due.Count >= _maximum)
                Sift(isThere);
            if (_due.Count >= _maximum)
                return false;
            _due.Enqueue(will, dueAt);
            return true;
        }
    }

    /// <summary>Adds a will that must not be lost, whether there is room or not.</summary>
    public void Add(WillName will, long dueAt)
    {
        lock (_gate)
            _due.Enqueue(will, dueAt);
    }

    /// <summary>Takes the next will that is due.</summary>
    public bool TryTake(long now, out WillName will)
    {
        lock (_gate)
        {
            if (_due.TryPeek(out will, out long dueAt) && dueAt <= now)
            {
                _due.Dequeue();
                return true;
            }

            return false;
        }
    }

    private void Sift(Func<WillName, bool> isThere)
    {
        (WillName Will, long DueAt)[] kept = [.. _due.UnorderedItems.Where(entry => isThere(entry.Element))];
        _due.Clear();
        foreach ((WillName will, long dueAt) in kept)
            _due.Enqueue(will, dueAt);
    }
}

/// <summary>One will of one client.</summary>
public readonly record struct WillName(string ClientId, Guid Id);
