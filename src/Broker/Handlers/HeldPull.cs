using System.Threading.Tasks.Sources;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// A pull that waits for messages: the node in the table of waits and the task of the handler in one reused object.
/// </summary>
internal sealed class HeldPull(PullHandler handler) : ArrivalWait, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = false };
    private CancellationTokenRegistration _closed;
    private RemotingRequest? _request;

    /// <summary>The pull, as it is read again when messages come.</summary>
    public PullRequest Pull { get; private set; } = null!;

    /// <summary>The handler's task; completes when the pull is answered or its connection closed.</summary>
    public ValueTask Task => new(this, _done.Version);

    /// <summary>Gets ready to be held.</summary>
    public void Load(RemotingRequest request, PullRequest pull)
    {
        _done.Reset();
        _request = request;
        Pull = pull;
        Topic = pull.Topic.Name;
        QueueId = pull.QueueId;
        Offset = pull.Offset;
        Filter = pull.Filter.IsAll ? null : pull.Filter;
        Timeout = pull.Hold;

        // A held pull does not outlive its connection.
        _closed = request.Connection.Closed.UnsafeRegister(static state => ((HeldPull)state!).Close(), this);
    }

    /// <summary>Completes the handler's task.</summary>
    public void Finish()
    {
        // Waits for a Close that runs just now: it must not meet this object in its next life.
        _closed.Dispose();
        _done.SetResult(true);
    }

    protected internal override void Ended(ArrivalReason reason)
    {
        try
        {
            if (handler.AnswerOrHoldAgain(_request!, this, reason))
            {
                return;
            }
        }
        catch (Exception error)
        {
            handler.Failed(error);
        }

        Finish();
    }

    void IValueTaskSource.GetResult(short token)
    {
        _done.GetResult(token);
        _request = null;
        handler.Return(this);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);

    private void Close()
    {
        if (handler.Cancel(this))
        {
            // Nobody reads it; every request has its answer.
            _request!.Reply(ResponseCode.PullNotFound);
            _done.SetResult(true);
        }
    }
}
