using System.Threading.Tasks.Sources;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// Wakes one waiter. Set before the wait is kept, set many times counts once. Waiting allocates nothing.
/// </summary>
/// <remarks>Any thread may set; one may wait at a time. The waiter goes on in the thread pool, unless it is told to go on at once.</remarks>
public sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Signalled = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Completes at the next set, or at once when it was set since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Signalled) == Signalled)
            return default;

        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
            return new ValueTask(this, _core.Version);

        // It was set in between.
        Volatile.Write(ref _state, Idle);
        return default;
    }

    /// <summary>Wakes the waiter, or the next one.</summary>
    public void Set() => Set(here: false);

    /// <summary>Wakes the waiter, or the next one; a waiter that waits already goes on within this call.</summary>
    public void SetHere() => Set(here: true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    private void Set(bool here)
    {
        while (true)
        {
            int state = Volatile.Read(ref _state);
            if (state == Signalled)
                return;
            int next = state == Waiting ? Idle : Signalled;
            if (Interlocked.CompareExchange(ref _state, next, state) != state)
                continue;
            if (state != Waiting)
                return;
            // Who took the waiter is the only one that touches it until it waits again.
            _core.RunContinuationsAsynchronously = !here;
            _core.SetResult(true);
            return;
        }
    }
}
