namespace ProtoBridgeMQ.Client.Connections;

/// <summary>Ends what a loop waits for, so that it looks at its state again. Makes a token only after an interruption.</summary>
/// <remarks>Thread safe; one loop.</remarks>
internal sealed class Interruption(CancellationToken stopped) : IDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(stopped);
    private bool _disposed;

    /// <summary>The token of the loop's next step. What was changed before an interruption is seen by the step after this call.</summary>
    public CancellationToken Renew()
    {
        lock (_gate)
        {
            if (_source.IsCancellationRequested && !stopped.IsCancellationRequested)
            {
                _source.Dispose();
                _source = CancellationTokenSource.CreateLinkedTokenSource(stopped);
            }

            return _source.Token;
        }
    }

    /// <summary>Ends the step that runs, or the next one before it begins to wait.</summary>
    public void Interrupt()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                // On another thread, as what waits may do more than it should here.
                _ = _source.CancelAsync();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _source.Dispose();
        }
    }
}
