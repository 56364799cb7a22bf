namespace ProtoBridgeMQ.Store.Durability;

/// <summary>
/// Where acknowledgements wait for the disk. Holds the durable offset; the flusher moves it and lets the waiters go,
/// all of one flush by one work item, so that a slow continuation never holds up the flusher.
/// </summary>
internal sealed class DurabilityGate
{
    private const int PoolSize = 4096;

    private readonly Lock _lock = new();
    private readonly Stack<DurableWaiter> _waiterPool = new();
    private readonly Stack<ReleasedWaiters> _batchPool = new();
    private readonly List<DurableWaiter> _pending = [];
    private long _durable;
    private int _releasing;
    private bool _failed;

    public DurabilityGate(long durable) => _durable = durable;

    public long Durable => Volatile.Read(ref _durable);

    /// <summary>Waiters of a flush are being let go: those among them that append again do it any moment.</summary>
    public bool IsReleasing => Volatile.Read(ref _releasing) > 0;

    public ValueTask<DurabilityStatus> WaitAsync(long end)
    {
        if (end <= Durable)
            return new(DurabilityStatus.Durable);
        lock (_lock)
        {
            if (end <= _durable)
                return new(DurabilityStatus.Durable);
            if (_failed)
                return new(DurabilityStatus.Failed);
            if (!_waiterPool.TryPop(out var waiter))
                waiter = new DurableWaiter(this);
            waiter.End = end;
            _pending.Add(waiter);
            return waiter.Task;
        }
    }

    /// <summary>Moves the durable offset and lets go who waited for it. Returns how many.</summary>
    public int Advance(long durable)
    {
        ReleasedWaiters batch;
        int count;
        lock (_lock)
        {
            Volatile.Write(ref _durable, durable);
            if (_pending.Count == 0)
                return 0;
            batch = RentBatch(DurabilityStatus.Durable);
            var kept = 0;
            for (var i = 0; i < _pending.Count; i++)
            {
                if (_pending[i].End <= durable)
                    batch.Waiters.Add(_pending[i]);
                else
                    _pending[kept++] = _pending[i];
            }

            _pending.RemoveRange(kept, _pending.Count - kept);
            count = batch.Waiters.Count;
        }

        ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
        return count;
    }

    /// <summary>Nothing more becomes durable: everyone who waits, now or later, is told.</summary>
    public void Fail()
    {
        ReleasedWaiters batch;
        lock (_lock)
        {
            _failed = true;
            batch = RentBatch(DurabilityStatus.Failed);
            batch.Waiters.AddRange(_pending);
            _pending.Clear();
        }

        ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
    }

    public void Return(DurableWaiter waiter)
    {
        lock (_lock)
        {
            if (_waiterPool.Count < PoolSize)
                _waiterPool.Push(waiter);
        }
    }

    public void Return(ReleasedWaiters batch)
    {
        lock (_lock)
        {
            if (_batchPool.Count < 16)
                _batchPool.Push(batch);
        }

        Interlocked.Decrement(ref _releasing);
    }

    private ReleasedWaiters RentBatch(DurabilityStatus status)
    {
        if (!_batchPool.TryPop(out var batch))
            batch = new ReleasedWaiters(this);
        batch.Status = status;
        Interlocked.Increment(ref _releasing);
        return batch;
    }
}
