using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>How a request that may wait for messages to pop is answered.</summary>
internal interface IPopAnswers
{
    /// <summary>Answers when there is something, false when there is not; <paramref name="answered"/> completes when the answer is given.</summary>
    bool TryAnswer(RemotingRequest remoting, in PopRequest request, out ValueTask answered);

    /// <summary>Answers that there is nothing, and why it does not wait (any more).</summary>
    void AnswerEmpty(RemotingRequest remoting, in PopRequest request, PopHold why);
}

/// <summary>Holds requests until there are messages to pop, or their time is over.</summary>
internal sealed partial class PopHolder(BrokerCore core, IPopAnswers answers, bool isNotification, TimeProvider time, ILogger logger)
{
    private const int MostPooled = 4096;

    private readonly ConcurrentQueue<HeldPop> _pool = new();

    /// <summary>When a request has waited long enough, Unix milliseconds: the client's clock, and the broker's limit.</summary>
    public long DeadlineOf(long bornTime, long pollTime)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long most = (long)core.Options.MaxPullHold.TotalMilliseconds;
        return pollTime <= 0 ? now : Math.Min(now + most, (bornTime <= 0 ? now : bornTime) + Math.Min(pollTime, most));
    }

    /// <summary>Answers, or holds the request.</summary>
    public ValueTask HandleAsync(RemotingRequest remoting, in PopRequest request, long deadline)
    {
        if (answers.TryAnswer(remoting, request, out ValueTask answered))
        {
            return answered;
        }

        if (remoting.IsOneWay || remoting.Connection.Closed.IsCancellationRequested)
        {
            answers.AnswerEmpty(remoting, request, PopHold.TimedOut);
            return default;
        }

        if (!_pool.TryDequeue(out HeldPop? held))
        {
            held = new HeldPop(this);
        }

        held.Load(remoting, request, isNotification, deadline);
        ValueTask task = held.Task;
        PopHold hold = core.Pop.Hold(held);
        if (hold != PopHold.Held)
        {
            answers.AnswerEmpty(remoting, request, hold);
            held.Finish();
        }

        // From here on it may be answered already and the object be in use again.
        return task;
    }

    /// <summary>A wait ended: answers, or waits for the rest of the time. True when it is held again, or finishes by itself.</summary>
    public bool AnswerOrHoldAgain(RemotingRequest remoting, HeldPop held, ArrivalReason reason)
    {
        PopRequest request = held.Request;
        bool isClosed = remoting.Connection.Closed.IsCancellationRequested;
        if (!isClosed && answers.TryAnswer(remoting, request, out ValueTask answered))
        {
            return !answered.IsCompletedSuccessfully && FinishWhen(answered, held);
        }

        // It woke for a message that is not for it, or not any more.
        PopHold hold = isClosed || reason != ArrivalReason.Arrived ? PopHold.TimedOut : core.Pop.Hold(held);
        if (hold == PopHold.Held)
        {
            return true;
        }

        answers.AnswerEmpty(remoting, request, hold);
        return false;
    }

    private bool FinishWhen(ValueTask answered, HeldPop held)
    {
        _ = FinishAsync(answered, held);
        return true;
    }

    private async Task FinishAsync(ValueTask answered, HeldPop held)
    {
        try
        {
            await answered.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Failed(error);
        }

        held.Finish();
    }

    /// <summary>Takes a held request back because its connection closed.</summary>
    public bool Cancel(HeldPop held) => core.Pop.CancelWait(held);

    /// <summary>Answers a request that nobody waits for any more.</summary>
    public static void AnswerClosed(RemotingRequest remoting) => remoting.Reply(ResponseCode.PollingTimeout);

    /// <summary>Takes a finished object back for the next request.</summary>
    public void Return(HeldPop held)
    {
        if (_pool.Count < MostPooled)
        {
            _pool.Enqueue(held);
        }
    }

    /// <summary>An answer failed.</summary>
    public void Failed(Exception error) => LogFailed(logger, error);

    [LoggerMessage(EventId = 4008, Level = LogLevel.Warning, Message = "A held pop could not be answered")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
