using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Those of one group and topic who wait, by the queue that they wait for, longest first.</summary>
/// <remarks>Thread safe; the lock is held for pointers and filters, no code of an owner runs under it.</remarks>
internal sealed class PopWaitLists
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Ends> _lists = [];
    private int _count;

    /// <summary>How many wait. A look without the lock: who comes later looks at the queues itself.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many wait for a queue.</summary>
    public int CountOf(int queueId)
    {
        lock (_lock)
        {
            return _lists.TryGetValue(queueId, out Ends? ends) ? ends.Count : 0;
        }
    }

    /// <summary>Adds a wait, and its deadline; false when there are too many for its queue.</summary>
    public bool Add(PopWait wait, int most, DueTable deadlines)
    {
        lock (_lock)
        {
            if (!_lists.TryGetValue(wait.QueueId, out Ends? ends))
            {
                _lists.Add(wait.QueueId, ends = new Ends());
            }

            if (ends.Count >= most)
            {
                return false;
            }

            wait.List = this;
            wait.Next = null;
            wait.Previous = ends.Last;
            if (ends.Last is null)
            {
                ends.First = wait;
            }
            else
            {
                ends.Last.Next = wait;
            }

            ends.Last = wait;
            ends.Count++;
            Volatile.Write(ref _count, _count + 1);

            // Whoever finds it due waits for this lock before the wait ends.
            deadlines.Add(wait, wait.Deadline);
        }

        // The dispatcher moves the queue's end, then looks here; we are here, then look at the queue's end.
        Interlocked.MemoryBarrier();
        return true;
    }

    /// <summary>Takes a wait out; false when it is not here any more.</summary>
    public bool Remove(PopWait wait)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(wait.List, this))
            {
                return false;
            }

            Unlink(wait);
            return true;
        }
    }

    /// <summary>Takes a wait out whose time is over by now; false when it is not here any more, or waits in another life.</summary>
    public bool RemoveDue(PopWait wait, long now)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(wait.List, this) || wait.Deadline > now)
            {
                return false;
            }

            Unlink(wait);
            return true;
        }
    }

    /// <summary>Takes the first whom a message ends, whatever queue it waits for; one who waits for any goes first.</summary>
    public PopWait? TakeMatchingAnywhere(ref ArrivalMatch match)
    {
        if (TakeMatching(-1, ref match) is { } any)
        {
            return any;
        }

        lock (_lock)
        {
            foreach (Ends ends in _lists.Values)
            {
                for (PopWait? wait = ends.First; wait is not null; wait = wait.Next)
                {
                    if (match.Wakes(wait.Filter))
                    {
                        Unlink(wait);
                        return wait;
                    }
                }
            }

            return null;
        }
    }

    /// <summary>Takes the first for a queue whom a message ends.</summary>
    public PopWait? TakeMatching(int queueId, ref ArrivalMatch match)
    {
        lock (_lock)
        {
            for (PopWait? wait = _lists.GetValueOrDefault(queueId)?.First; wait is not null; wait = wait.Next)
            {
                if (match.Wakes(wait.Filter))
                {
                    Unlink(wait);
                    return wait;
                }
            }

            return null;
        }
    }

    /// <summary>Takes the first for a queue; with a queue below 0 the first for any.</summary>
    public PopWait? TakeFirst(int queueId)
    {
        lock (_lock)
        {
            if (_lists.GetValueOrDefault(queueId)?.First is not { } wait)
            {
                return null;
            }

            Unlink(wait);
            return wait;
        }
    }

    private void Unlink(PopWait wait)
    {
        Ends ends = _lists[wait.QueueId];
        if (wait.Previous is null)
        {
            ends.First = wait.Next;
        }
        else
        {
            wait.Previous.Next = wait.Next;
        }

        if (wait.Next is null)
        {
            ends.Last = wait.Previous;
        }
        else
        {
            wait.Next.Previous = wait.Previous;
        }

        if (--ends.Count == 0)
        {
            _lists.Remove(wait.QueueId);
        }

        Volatile.Write(ref _count, _count - 1);
        wait.List = null;
        wait.Next = wait.Previous = null;
    }

    private sealed class Ends
    {
        public PopWait? First { get; set; }

        public PopWait? Last { get; set; }

        public int Count { get; set; }
    }
}
