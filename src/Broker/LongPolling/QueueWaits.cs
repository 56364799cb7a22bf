using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.LongPolling;

/// <summary>The waits of one queue: a doubly linked list through the waits themselves.</summary>
/// <remarks>Thread safe; its lock is held for pointers only, no code of an owner runs under it.</remarks>
internal sealed class QueueWaits
{
    private readonly Lock _lock = new();
    private ArrivalWait? _first;

    /// <summary>A look without the lock: a wait that comes later looks at the queue's end itself.</summary>
    public bool IsEmpty => Volatile.Read(ref _first) is null;

    public void Add(ArrivalWait wait)
    {
        lock (_lock)
        {
            wait.Home = this;
            wait.Previous = null;
            wait.Next = _first;
            if (_first is not null)
            {
                _first.Previous = wait;
            }

            Volatile.Write(ref _first, wait);
        }

        // The dispatcher moves the queue's end, then looks here; we are here, then look at the queue's end.
        Interlocked.MemoryBarrier();
    }

    public bool Remove(ArrivalWait wait)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(wait.Home, this))
            {
                return false;
            }

            Unlink(wait);
            return true;
        }
    }

    /// <summary>Takes the waits that a message ends, linked by their next pointers.</summary>
    public ArrivalWait? TakeMatching(long queueOffset, ArrivalMatch match)
    {
        ArrivalWait? taken = null;
        lock (_lock)
        {
            ArrivalWait? next;
            for (ArrivalWait? wait = _first; wait is not null; wait = next)
            {
                next = wait.Next;
                if (queueOffset >= wait.Offset && match.Wakes(wait.Filter))
                {
                    Unlink(wait);
                    wait.Next = taken;
                    taken = wait;
                }
            }
        }

        return taken;
    }

    /// <summary>Takes the waits of a condition, linked by their next pointers.</summary>
    public ArrivalWait? TakeWhere(Func<ArrivalWait, bool> condition)
    {
        ArrivalWait? taken = null;
        lock (_lock)
        {
            ArrivalWait? next;
            for (ArrivalWait? wait = _first; wait is not null; wait = next)
            {
                next = wait.Next;
                if (condition(wait))
                {
                    Unlink(wait);
                    wait.Next = taken;
                    taken = wait;
                }
            }
        }

        return taken;
    }

    private void Unlink(ArrivalWait wait)
    {
        if (wait.Previous is null)
        {
            Volatile.Write(ref _first, wait.Next);
        }
        else
        {
            wait.Previous.Next = wait.Next;
        }

        if (wait.Next is not null)
        {
            wait.Next.Previous = wait.Previous;
        }

        wait.Home = null;
        wait.Next = wait.Previous = null;
    }
}
