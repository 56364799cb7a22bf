using System.Threading.Tasks.Sources;

namespace ProtoBridgeMQ.Store.Durability;

/// <summary>One wait for durability; goes back to its pool when its result is taken.</summary>
internal sealed class DurableWaiter : IValueTaskSource<DurabilityStatus>
{
    private readonly DurabilityGate _gate;
    private ManualResetValueTaskSourceCore<DurabilityStatus> _core;

    public DurableWaiter(DurabilityGate gate) => _gate = gate;

    /// <summary>What it waits for.</summary>
    public long End { get; set; }

    public ValueTask<DurabilityStatus> Task => new(this, _core.Version);

    public void Complete(DurabilityStatus status) => _core.SetResult(status);

    public DurabilityStatus GetResult(short token)
    {
        var status = _core.GetResult(token);
        _core.Reset();
        _gate.Return(this);
        return status;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>The waiters of one flush, completed one after the other by a single work item.</summary>
internal sealed class ReleasedWaiters : IThreadPoolWorkItem
{
    private readonly DurabilityGate _gate;

    public ReleasedWaiters(DurabilityGate gate) => _gate = gate;

    public List<DurableWaiter> Waiters { get; } = [];

    public DurabilityStatus Status { get; set; }

    public void Execute()
    {
        foreach (var waiter in Waiters)
            waiter.Complete(Status);
        Waiters.Clear();
        _gate.Return(this);
    }
}
