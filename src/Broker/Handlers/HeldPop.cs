using System.Threading.Tasks.Sources;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>A pop or a notification that waits for messages: the node of the lists and the task of the handler in one reused object.</summary>
internal sealed class HeldPop(PopHolder holder) : PopWait, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = false };
    private CancellationTokenRegistration _closed;
    private RemotingRequest? _request;

    /// <summary>The handler's task; completes when the request is answered or its connection closed.</summary>
    public ValueTask Task => new(this, _done.Version);

    /// <summary>Gets ready to be held.</summary>
    public void Load(RemotingRequest remoting, in PopRequest request, bool isNotification, long deadline)
    {
        _done.Reset();
        _request = remoting;
        Request = request;
        IsNotification = isNotification;
        Deadline = deadline;
        Disappointed = 0;

        // It does not outlive its connection.
        _closed = remoting.Connection.Closed.UnsafeRegister(static state => ((HeldPop)state!).Close(), this);
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
            if (holder.AnswerOrHoldAgain(_request!, this, reason))
            {
                return;
            }
        }
        catch (Exception error)
        {
            holder.Failed(error);
        }

        Finish();
    }

    void IValueTaskSource.GetResult(short token)
    {
        _done.GetResult(token);
        _request = null;
        Request = default;
        holder.Return(this);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);

    private void Close()
    {
        if (holder.Cancel(this))
        {
            // Nobody reads it; every request has its answer.
            PopHolder.AnswerClosed(_request!);
            _done.SetResult(true);
        }
    }
}
