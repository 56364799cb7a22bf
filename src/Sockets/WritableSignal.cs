using System.Threading.Tasks.Sources;

namespace ProtoBridgeMQ.Sockets;

/// <summary>Tells one waiter that a socket takes bytes again; what was told before the wait counts.</summary>
internal sealed class WritableSignal : IValueTaskSource
{
    private const int Unknown = 0;
    private const int Told = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _wait;
    private int _state;

    /// <summary>What was told so far is old.</summary>
    public void Reset() => Interlocked.CompareExchange(ref _state, Unknown, Told);

    /// <summary>Waits until <see cref="Set"/> is called, or was since the last <see cref="Reset"/>.</summary>
    public ValueTask WaitAsync()
    {
        _wait.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Unknown) == Unknown ? new ValueTask(this, _wait.Version) : default;
    }

    public void Set()
    {
        if (Interlocked.Exchange(ref _state, Told) == Waiting)
            _wait.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);
}
