namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>The own requests of one connection that wait for their answers. Whoever takes one out of the table ends it.</summary>
internal sealed class PendingInvokes(int limit, TimeProvider time)
{
    private const int MaxPooled = 2048;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, PendingInvoke> _waiting = [];
    private readonly Stack<PendingInvoke> _pool = new();
    private readonly List<PendingInvoke> _expired = [];
    private readonly EndedInvokes _ended = new();
    private long _earliestDeadline = long.MaxValue;
    private int _nextOpaque;
    private string? _closedReason;

    /// <summary>A number that no waiting request has.</summary>
    public int NextOpaque() => Interlocked.Increment(ref _nextOpaque) & int.MaxValue;

    /// <summary>Enters a request before it is written.</summary>
    public PendingInvoke Add(int code, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var deadline = time.GetTimestamp() + (long)(timeout.TotalSeconds * time.TimestampFrequency);
        PendingInvoke pending;
        lock (_lock)
        {
            if (_closedReason is not null)
                throw new RemotingConnectionException($"the connection is closed: {_closedReason}", maybeSent: false);
            if (_waiting.Count >= limit)
                throw new RemotingOverloadException($"{limit} requests wait for their answers already");
            pending = _pool.TryPop(out var pooled) ? pooled : new PendingInvoke(this);
            pending.Opaque = NextOpaque();
            pending.Code = code;
            pending.Deadline = deadline;
            _waiting.Add(pending.Opaque, pending);
            _earliestDeadline = Math.Min(_earliestDeadline, deadline);
        }
        return pending;
    }

    /// <summary>Lets a token cancel the request. Called before the request is written, so nothing else ends it meanwhile but time.</summary>
    public static void Watch(PendingInvoke pending, CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
            return;
        pending.Cancellation = cancellationToken;
        pending.Registration = cancellationToken.UnsafeRegister(static state => ((PendingInvoke)state!).Cancel(), pending);
    }

    /// <summary>Hands an answer to the one who waits for it, who is told with <see cref="TellEnded"/>: in the pool, never on the thread that reads the connection.</summary>
    public bool TryComplete(RemotingResponse response)
    {
        if (!TryRemove(response.Header.Opaque, out var pending))
            return false;
        pending.Succeed(response);
        _ended.Add(pending);
        return true;
    }

    /// <summary>Tells the callers of all that were completed.</summary>
    public void TellEnded() => _ended.Tell();

    /// <summary>Ends a request that could not be written.</summary>
    public void Fail(PendingInvoke pending, Exception error)
    {
        if (TryRemove(pending.Opaque, out var removed))
            End(removed, error);
    }

    public void Cancel(PendingInvoke pending)
    {
        if (TryRemove(pending.Opaque, out var removed))
            End(removed, new OperationCanceledException(pending.Cancellation));
    }

    /// <summary>Ends the requests whose time is over.</summary>
    public void Expire()
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (now < _earliestDeadline)
                return;
            _earliestDeadline = long.MaxValue;
            foreach (var pending in _waiting.Values)
            {
                if (pending.Deadline <= now)
                    _expired.Add(pending);
                else
                    _earliestDeadline = Math.Min(_earliestDeadline, pending.Deadline);
            }
            foreach (var pending in _expired)
            {
                _waiting.Remove(pending.Opaque);
                RemotingMetrics.InvokeTimeouts.Add(1);
                End(pending, new RemotingTimeoutException($"request code {pending.Code} got no answer in time"));
            }
            _expired.Clear();
        }
    }

    /// <summary>Ends all requests and refuses further ones.</summary>
    public void Close(string reason)
    {
        lock (_lock)
        {
            _closedReason = reason;
            foreach (var pending in _waiting.Values)
                End(pending, new RemotingConnectionException($"the connection ended before the answer: {reason}", maybeSent: true));
            _waiting.Clear();
        }
    }

    public void Return(PendingInvoke pending)
    {
        lock (_lock)
        {
            if (_pool.Count < MaxPooled)
                _pool.Push(pending);
        }
    }

    private void End(PendingInvoke pending, Exception error)
    {
        pending.Fail(error);
        _ended.Add(pending);
        _ended.Tell();
    }

    private bool TryRemove(int opaque, out PendingInvoke pending)
    {
        lock (_lock)
            return _waiting.Remove(opaque, out pending!);
    }
}
