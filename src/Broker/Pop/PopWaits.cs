using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>All who wait for messages to pop: who is woken by what, and when their time is over.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PopWaits(BrokerOptions options, TimeProvider time) : IThreadPoolWorkItem
{
    private readonly ConcurrentDictionary<string, PopGroup[]> _byTopic = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<PopWait> _ended = new();
    private readonly DueTable _deadlines = new();
    private readonly List<DueNode> _due = [];
    private readonly Lock _listing = new();
    private int _count;
    private int _running;
    private bool _stopping;

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Begins a wait. The caller looks at the queues once more afterwards.</summary>
    public PopHold Hold(PopGroup group, PopWait wait)
    {
        if (Volatile.Read(ref _stopping) || wait.Deadline <= time.GetUtcNow().ToUnixTimeMilliseconds())
        {
            return PopHold.TimedOut;
        }

        List(group);
        if (Interlocked.Increment(ref _count) > options.MaxPopWaits)
        {
            Interlocked.Decrement(ref _count);
            return PopHold.Full;
        }

        if (!(wait.IsNotification ? group.Notifications : group.Pops).Add(wait, options.MaxPopWaitsPerQueue, _deadlines))
        {
            Interlocked.Decrement(ref _count);
            return PopHold.Full;
        }

        return PopHold.Held;
    }

    /// <summary>Takes a wait back; false when it ended or is ending.</summary>
    public bool Cancel(PopWait wait)
    {
        if (wait.List?.Remove(wait) != true)
        {
            return false;
        }

        Forget(wait);
        return true;
    }

    /// <summary>A message was dispatched.</summary>
    public void Arrived(string topic, int queueId, long tagHash, ReadOnlySpan<byte> properties)
    {
        if (!_byTopic.TryGetValue(topic, out PopGroup[]? groups))
        {
            return;
        }

        foreach (PopGroup group in groups)
        {
            if (!group.HasWaits)
            {
                continue;
            }

            var match = new ArrivalMatch(tagHash, properties);
            bool isRetry = topic != group.Topic;
            Wake(group.Pops, queueId, isRetry, ref match);
            Wake(group.Notifications, queueId, isRetry, ref match);
        }
    }

    /// <summary>A queue of a group gives messages again, or has some left: one who waits for it, or for any, has a look.</summary>
    public void WakeOne(PopGroup group, int queueId)
    {
        if (!group.HasWaits)
        {
            return;
        }

        EndFirst(group.Pops, queueId);
        EndFirst(group.Notifications, queueId);
        Run();
    }

    /// <summary>Hands those who were woken to a pool thread.</summary>
    public void Run()
    {
        if (!_ended.IsEmpty && Interlocked.Exchange(ref _running, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Ends those whose time is over. One caller at a time.</summary>
    public void Expire(long now) => EndDue(now, ArrivalReason.TimedOut);

    /// <summary>Ends all, and takes no more.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopping, true);
        EndDue(long.MaxValue, ArrivalReason.Stopping);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            while (_ended.TryDequeue(out PopWait? wait))
            {
                wait.Ended(wait.Reason);
            }

            Volatile.Write(ref _running, 0);
            if (_ended.IsEmpty || Interlocked.Exchange(ref _running, 1) != 0)
            {
                return;
            }
        }
    }

    private void EndDue(long now, ArrivalReason reason)
    {
        lock (_due)
        {
            _deadlines.TakeDue(now, int.MaxValue, _due);
            foreach (DueNode node in _due)
            {
                var wait = (PopWait)node;
                if (wait.List?.RemoveDue(wait, now) == true)
                {
                    Interlocked.Decrement(ref _count);
                    wait.Reason = reason;
                    _ended.Enqueue(wait);
                }
            }

            _due.Clear();
        }

        Run();
    }

    private void Wake(PopWaitLists lists, int queueId, bool isRetry, ref ArrivalMatch match)
    {
        if (lists.Count == 0)
        {
            return;
        }

        // Whoever pops looks into all queues of the retry topic, so any will do.
        if (isRetry)
        {
            End(lists.TakeMatchingAnywhere(ref match));
            return;
        }

        End(lists.TakeMatching(-1, ref match));
        End(lists.TakeMatching(queueId, ref match));
    }

    private void EndFirst(PopWaitLists lists, int queueId)
    {
        if (lists.Count == 0)
        {
            return;
        }

        End(lists.TakeFirst(-1));
        if (queueId >= 0)
        {
            End(lists.TakeFirst(queueId));
        }
    }

    private void End(PopWait? wait)
    {
        if (wait is not null)
        {
            Forget(wait);
            wait.Reason = ArrivalReason.Arrived;
            _ended.Enqueue(wait);
        }
    }

    private void Forget(PopWait wait)
    {
        _deadlines.Remove(wait);
        Interlocked.Decrement(ref _count);
    }

    private void List(PopGroup group)
    {
        if (group.IsListed)
        {
            return;
        }

        lock (_listing)
        {
            if (!group.IsListed)
            {
                foreach (string topic in (ReadOnlySpan<string>)[group.Topic, group.RetryV1, group.RetryV2])
                {
                    _byTopic[topic] = [.. _byTopic.GetValueOrDefault(topic, []), group];
                }

                group.IsListed = true;
            }
        }
    }
}
