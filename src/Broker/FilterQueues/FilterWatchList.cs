namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>The filters that one gateway watches, by numbers of its own, and which of them have new entries.</summary>
/// <remarks>Thread safe. The dispatcher marks; requests take.</remarks>
internal sealed class FilterWatchList(IFilterQueueTable queues, Func<int, bool> tryCount, long now) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, IDisposable> _watched = [];
    private HashSet<uint> _arrived = [];
    private TaskCompletionSource? _waiting;
    private bool _disposed;

    /// <summary>When a request last named it, as a time stamp of the clock.</summary>
    public long UsedAt { get; set; } = now;

    /// <summary>Whether a request waits in it.</summary>
    public bool IsWaited
    {
        get
        {
            lock (_gate)
            {
                return _waiting is not null;
            }
        }
    }

    /// <summary>Watches one more filter; false when there are as many as may be.</summary>
    public bool TryAdd(uint number, ReadOnlySpan<byte> filter)
    {
        if (!tryCount(1))
        {
            return false;
        }

        IDisposable watch = queues.Watch(filter, () => Arrived(number));
        IDisposable? before;
        lock (_gate)
        {
            if (_disposed)
            {
                before = watch;
            }
            else
            {
                _watched.Remove(number, out before);
                _watched[number] = watch;
            }
        }

        if (before is not null)
        {
            tryCount(-1);
            before.Dispose();
        }

        return true;
    }

    /// <summary>Watches a filter no longer.</summary>
    public void Remove(uint number)
    {
        IDisposable? before;
        lock (_gate)
        {
            _watched.Remove(number, out before);
            _arrived.Remove(number);
        }

        if (before is not null)
        {
            tryCount(-1);
            before.Dispose();
        }
    }

    /// <summary>Takes the numbers of those that have new entries.</summary>
    public IReadOnlyCollection<uint> Take()
    {
        lock (_gate)
        {
            if (_arrived.Count == 0)
            {
                return [];
            }

            HashSet<uint> taken = _arrived;
            _arrived = [];
            return taken;
        }
    }

    /// <summary>Completes when there is something to take, or another one waits.</summary>
    public Task WaitAsync()
    {
        lock (_gate)
        {
            _waiting?.TrySetResult();
            _waiting = null;
            if (_arrived.Count > 0 || _disposed)
            {
                return Task.CompletedTask;
            }

            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiting.Task;
        }
    }

    /// <summary>Nobody waits any more in a wait that was given up.</summary>
    public void EndWait(Task wait)
    {
        lock (_gate)
        {
            if (_waiting?.Task == wait)
            {
                _waiting = null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IDisposable[] watched;
        lock (_gate)
        {
            _disposed = true;
            watched = [.. _watched.Values];
            _watched.Clear();
            _waiting?.TrySetResult();
            _waiting = null;
        }

        tryCount(-watched.Length);
        foreach (IDisposable watch in watched)
        {
            watch.Dispose();
        }
    }

    private void Arrived(uint number)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _arrived.Add(number);
            waiting = _waiting;
            _waiting = null;
        }

        waiting?.TrySetResult();
    }
}
