using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Store.Dispatch;

/// <summary>Those who wait for an offset to be dispatched. For tests and tools: each wait allocates.</summary>
internal sealed class DispatchWaiters
{
    private readonly Lock _lock = new();
    private readonly List<(long End, TaskCompletionSource<DurabilityStatus> Source)> _pending = [];
    private bool _closed;

    public ValueTask<DurabilityStatus> WaitAsync(long end, Func<long> offset)
    {
        lock (_lock)
        {
            if (offset() >= end)
                return new(DurabilityStatus.Durable);
            if (_closed)
                return new(DurabilityStatus.Failed);
            var source = new TaskCompletionSource<DurabilityStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
            _pending.Add((end, source));
            return new(source.Task);
        }
    }

    public void Advance(long offset)
    {
        lock (_lock)
        {
            for (var i = _pending.Count - 1; i >= 0; i--)
            {
                if (_pending[i].End > offset)
                    continue;
                _pending[i].Source.SetResult(DurabilityStatus.Durable);
                _pending.RemoveAt(i);
            }
        }
    }

    public void Close(long offset)
    {
        Advance(offset);
        lock (_lock)
        {
            _closed = true;
            foreach (var (_, source) in _pending)
                source.SetResult(DurabilityStatus.Failed);
            _pending.Clear();
        }
    }
}
