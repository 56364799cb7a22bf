using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.LongPolling;

/// <summary>
/// Waits for messages, by topic and queue. The waits are the nodes of the lists themselves; dispatch takes those that
/// a message concerns out of their list, and one pool thread ends them after the batch.
/// </summary>
/// <remarks>Thread safe. Arrivals come from the one dispatch thread.</remarks>
public sealed class ArrivalTable : IThreadPoolWorkItem
{
    private readonly ConcurrentDictionary<string, QueueWaits[]> _topics = new(StringComparer.Ordinal);
    private readonly Lock _growLock = new();
    private readonly Lock _endedLock = new();
    private readonly int _limit;
    private readonly TimeProvider _time;
    private ArrivalWait? _endedFirst;
    private ArrivalWait? _endedLast;
    private bool _running;
    private bool _stopping;
    private int _held;

    /// <summary>An empty table.</summary>
    public ArrivalTable(int limit, TimeProvider time)
    {
        _limit = limit;
        _time = time;
    }

    /// <summary>How many waits are held.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Holds a wait; <paramref name="isReadable"/> is asked after it is in the list, so that no arrival is missed.</summary>
    public bool Hold(ArrivalWait wait, Func<string, int, long, bool> isReadable)
    {
        if (Volatile.Read(ref _stopping) || wait.QueueId is < 0 or > ushort.MaxValue)
        {
            return false;
        }

        if (Interlocked.Increment(ref _held) > _limit)
        {
            Interlocked.Decrement(ref _held);
            return false;
        }

        wait.Deadline = DeadlineOf(wait.Timeout);
        QueueWaits queue = Queue(wait.Topic, wait.QueueId);
        queue.Add(wait);
        if (isReadable(wait.Topic, wait.QueueId, wait.Offset) && queue.Remove(wait))
        {
            // It came between the look and the hold; the filter is the reader's business then.
            End(wait, ArrivalReason.Arrived);
            Run();
        }

        return true;
    }

    /// <summary>Takes a wait back; whether it was still held.</summary>
    public bool Cancel(ArrivalWait wait)
    {
        if (wait.Home is not QueueWaits queue || !queue.Remove(wait))
        {
            return false;
        }

        Interlocked.Decrement(ref _held);
        return true;
    }

    /// <summary>A message is in a queue now. <see cref="Run"/> follows at the end of the batch.</summary>
    public void Arrived(string topic, int queueId, long queueOffset, long tagHash, ReadOnlySpan<byte> properties)
    {
        // The queue's end was moved before; a wait is counted before it looks at the queue's end. One of us sees the other.
        Interlocked.MemoryBarrier();
        if (Held > 0 && _topics.TryGetValue(topic, out QueueWaits[]? queues) && queueId < queues.Length)
        {
            TakeMatching(queues[queueId], queueOffset, new ArrivalMatch(tagHash, properties));
        }
    }

    /// <summary>Ends all waits of a queue as if a message had come.</summary>
    public void Wake(string topic, int queueId)
    {
        if (_topics.TryGetValue(topic, out QueueWaits[]? queues) && (uint)queueId < (uint)queues.Length)
        {
            ArrivalWait? taken = queues[queueId].TakeWhere(static _ => true);
            while (taken is not null)
            {
                ArrivalWait? next = taken.Next;
                End(taken, ArrivalReason.Arrived);
                taken = next;
            }

            Run();
        }
    }

    /// <summary>Ends what the arrivals of a batch took out of the lists, on a pool thread.</summary>
    public void Run()
    {
        lock (_endedLock)
        {
            if (_running || _endedFirst is null)
            {
                return;
            }

            _running = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Ends waits whose time is over.</summary>
    public void Expire()
    {
        long now = _time.GetTimestamp();
        EndWhere(wait => wait.Deadline <= now, ArrivalReason.TimedOut);
    }

    /// <summary>Ends all waits and takes no more.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopping, true);
        EndWhere(static _ => true, ArrivalReason.Stopping);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            ArrivalWait? wait;
            lock (_endedLock)
            {
                wait = _endedFirst;
                _endedFirst = _endedLast = null;
                if (wait is null)
                {
                    _running = false;
                    return;
                }
            }

            while (wait is not null)
            {
                // The owner may hold it again at once: what we need of it is read first.
                ArrivalWait? next = wait.Next;
                wait.Next = null;
                wait.Ended(wait.Reason);
                wait = next;
            }
        }
    }

    private void TakeMatching(QueueWaits queue, long queueOffset, ArrivalMatch match)
    {
        if (queue.IsEmpty)
        {
            return;
        }

        ArrivalWait? taken = queue.TakeMatching(queueOffset, match);
        while (taken is not null)
        {
            ArrivalWait? next = taken.Next;
            End(taken, ArrivalReason.Arrived);
            taken = next;
        }
    }

    private void EndWhere(Func<ArrivalWait, bool> condition, ArrivalReason reason)
    {
        foreach (QueueWaits[] queues in _topics.Values)
        {
            foreach (QueueWaits queue in queues)
            {
                ArrivalWait? taken = queue.IsEmpty ? null : queue.TakeWhere(condition);
                while (taken is not null)
                {
                    ArrivalWait? next = taken.Next;
                    End(taken, reason);
                    taken = next;
                }
            }
        }

        Run();
    }

    private void End(ArrivalWait wait, ArrivalReason reason)
    {
        Interlocked.Decrement(ref _held);
        wait.Reason = reason;
        wait.Next = null;
        lock (_endedLock)
        {
            if (_endedLast is null)
            {
                _endedFirst = wait;
            }
            else
            {
                _endedLast.Next = wait;
            }

            _endedLast = wait;
        }
    }

    private QueueWaits Queue(string topic, int queueId)
    {
        if (_topics.TryGetValue(topic, out QueueWaits[]? queues) && queueId < queues.Length)
        {
            return queues[queueId];
        }

        lock (_growLock)
        {
            QueueWaits[] before = _topics.GetValueOrDefault(topic, []);
            if (queueId >= before.Length)
            {
                QueueWaits[] grown = new QueueWaits[queueId + 1];
                before.CopyTo(grown, 0);
                for (int i = before.Length; i < grown.Length; i++)
                {
                    grown[i] = new QueueWaits();
                }

                _topics[topic] = before = grown;
            }

            return before[queueId];
        }
    }

    private long DeadlineOf(TimeSpan timeout) => timeout < TimeSpan.Zero || timeout.TotalDays > 365
        ? long.MaxValue
        : _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);
}
