using System.Threading.Tasks.Sources;

namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>
/// "Something may be there": one receiver waits, anybody sets. A set that finds nobody waiting is kept for the next
/// wait. Waiting again and again allocates nothing.
/// </summary>
/// <remarks>Thread safe; one wait at a time.</remarks>
public sealed class StreamSignal : IValueTaskSource<bool>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellation;
    private long _start;
    private TimeSpan _wait;
    private bool _set;
    private bool _waiting;

    /// <summary>Makes a signal whose waits end by that clock.</summary>
    public StreamSignal(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _timer = clock.CreateTimer(static signal => ((StreamSignal)signal!).TimeUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Wakes the receiver, or lets its next wait pass at once.</summary>
    public void Set()
    {
        lock (_gate)
        {
            if (_waiting)
            {
                _waiting = false;
                _core.SetResult(true);
            }
            else
            {
                _set = true;
            }
        }
    }

    /// <summary>Waits; false when the time is over.</summary>
    public ValueTask<bool> WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        lock (_gate)
        {
            if (_waiting)
            {
                throw new InvalidOperationException("A receive is waiting already: one at a time.");
            }

            if (_set || wait == TimeSpan.Zero)
            {
                bool was = _set;
                _set = false;
                return ValueTask.FromResult(was);
            }

            _core.Reset();
            _waiting = true;
            _wait = wait;
            _cancellation = cancellationToken;
            if (wait != Timeout.InfiniteTimeSpan)
            {
                _start = _clock.GetTimestamp();
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
            }

            // Registered under the gate: the end of this wait finds the registration to take back.
            _registration = cancellationToken.UnsafeRegister(
                static (signal, token) => ((StreamSignal)signal!).Cancelled(token),
                this);
            return new ValueTask<bool>(this, _core.Version);
        }
    }

    /// <summary>Ends the timer; a wait in progress ends as by <see cref="Set"/>.</summary>
    public void Dispose()
    {
        Set();
        _timer.Dispose();
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _registration.Unregister();
        return _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    private void TimeUp()
    {
        lock (_gate)
        {
            if (!_waiting || _wait == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            TimeSpan left = _wait - _clock.GetElapsedTime(_start);
            if (left > TimeSpan.FromMilliseconds(1))
            {
                // Fired for an earlier wait.
                _timer.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            _waiting = false;
            _core.SetResult(false);
        }
    }

    private void Cancelled(CancellationToken token)
    {
        lock (_gate)
        {
            if (_waiting && _cancellation == token)
            {
                _waiting = false;
                _core.SetException(new OperationCanceledException(token));
            }
        }
    }
}
