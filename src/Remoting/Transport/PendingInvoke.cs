using System.Threading.Tasks.Sources;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>One own request that waits for its answer. Pooled: goes back to its table when the result is taken.</summary>
internal sealed class PendingInvoke(PendingInvokes owner) : IValueTaskSource<RemotingResponse>
{
    // Not readonly: it is a mutable struct.
    private ManualResetValueTaskSourceCore<RemotingResponse> _core;
    private RemotingResponse? _response;
    private Exception? _error;

    public int Opaque { get; set; }

    public int Code { get; set; }

    public long Deadline { get; set; }

    public CancellationToken Cancellation { get; set; }

    public CancellationTokenRegistration Registration { get; set; }

    public ValueTask<RemotingResponse> Task => new(this, _core.Version);

    public void Cancel() => owner.Cancel(this);

    /// <summary>Ends it well. <see cref="Tell"/> says so to who waits.</summary>
    public void Succeed(RemotingResponse response) => _response = response;

    /// <summary>Ends it with an error.</summary>
    public void Fail(Exception error) => _error = error;

    /// <summary>Who waits goes on, on this thread.</summary>
    public void Tell()
    {
        // Taken first: with the result set, this object may be somebody else's.
        var (response, error) = (_response, _error);
        (_response, _error) = (null, null);
        if (error is null)
            _core.SetResult(response!);
        else
            _core.SetException(error);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    public RemotingResponse GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            // Waits for a cancellation that is just running, so that it cannot hit the next user of this object.
            Registration.Dispose();
            Registration = default;
            Cancellation = default;
            _core.Reset();
            owner.Return(this);
        }
    }
}
