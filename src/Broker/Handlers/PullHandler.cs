using System.Buffers;
using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361): records of one queue, at once or, when the pull allows it, as soon as
/// there are some. Records go from the mapped log straight into the connection's output.
/// </summary>
internal sealed partial class PullHandler(BrokerCore core, TimeProvider time, ILogger<PullHandler> logger) : IRequestHandler
{
    private const int CommitFlag = 1;
    private const int MostPooled = 4096;

    [ThreadStatic]
    private static RecordBatch? _batch;

    private readonly PullCheck _check = new(core);
    private readonly ConcurrentQueue<HeldPull> _pool = new();
    private readonly string _full = $"broker busy: {core.Options.MaxHeldPulls} pulls are held, as many as may be";

    public ValueTask HandleAsync(RemotingRequest request)
    {
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(request.Fields);
        (int code, string? remark) = _check.Check(header, request.Connection, request.IsOneWay, out PullRequest? pull);
        if (pull is null)
        {
            request.Reply(code, EmptyAnswer(), remark);
            return default;
        }

        if ((header.SystemFlag & CommitFlag) != 0 && header.CommitOffset >= 0
            && !core.Tables.Resets.IsPending(pull.Topic.Name, pull.Group.Name, pull.QueueId))
        {
            // A pull that was made before its member saved its progress for the last time may come after it.
            core.Offsets.Advance(pull.Group.Name, pull.Topic.Name, pull.QueueId, header.CommitOffset);
        }

        return TryAnswer(request, pull, pull.Hold <= TimeSpan.Zero || request.Connection.Closed.IsCancellationRequested) ? default : Hold(request, pull);
    }

    /// <summary>A wait ended: answers, or waits for the rest of the time. True when it is held again.</summary>
    public bool AnswerOrHoldAgain(RemotingRequest request, HeldPull held, ArrivalReason reason)
    {
        bool last = reason != ArrivalReason.Arrived || request.Connection.Closed.IsCancellationRequested;
        if (TryAnswer(request, held.Pull, evenWhenEmpty: last))
        {
            return false;
        }

        // It woke for a message that is not for it, or not any more.
        TimeSpan left = held.Deadline == long.MaxValue ? held.Pull.Hold : time.GetElapsedTime(time.GetTimestamp(), held.Deadline);
        held.Timeout = left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
        if (core.Hold(held))
        {
            return true;
        }

        TryAnswer(request, held.Pull, evenWhenEmpty: true);
        return false;
    }

    /// <summary>Takes a held pull back because its connection closed.</summary>
    public bool Cancel(HeldPull held) => core.CancelWait(held);

    /// <summary>Takes a finished object back for the next pull.</summary>
    public void Return(HeldPull held)
    {
        if (_pool.Count < MostPooled)
        {
            _pool.Enqueue(held);
        }
    }

    /// <summary>An answer failed.</summary>
    public void Failed(Exception error) => LogFailed(logger, error);

    private ValueTask Hold(RemotingRequest request, PullRequest pull)
    {
        if (!_pool.TryDequeue(out HeldPull? held))
        {
            held = new HeldPull(this);
        }

        held.Load(request, pull);
        ValueTask task = held.Task;
        if (!core.Hold(held))
        {
            request.Reply(ResponseCode.SystemBusy, EmptyAnswer(), _full);
            held.Finish();
        }

        // From here on the pull may be answered already and the object be in use again.
        return task;
    }

    private bool TryAnswer(RemotingRequest request, PullRequest pull, bool evenWhenEmpty)
    {
        if (core.Tables.Resets.TryTake(pull.Topic.Name, pull.Group.Name, pull.QueueId, out long reset) && reset != pull.Offset)
        {
            request.Reply(ResponseCode.PullOffsetMoved, Moved(pull, reset), "OFFSET_RESET");
            return true;
        }

        RecordBatch batch = _batch ??= new RecordBatch();
        try
        {
            ReadOutcome outcome = core.Read(
                new ReadRequest(pull.Topic.Name, pull.QueueId, pull.Offset, pull.MaxMessages, pull.MaxBytes, pull.Filter.IsAll ? null : pull.Filter, pull.Group.Name),
                batch);
            if (outcome.Status == ReadStatus.NoNewMessage && !evenWhenEmpty)
            {
                return false;
            }

            int code = ResponseCodes.Of(outcome.Status);
            string remark = ResponseCodes.RemarkOf(outcome);
            PullMessageResponseHeader header = Answer(pull, outcome);
            if (batch.Count > 0)
            {
                core.Desk.Traffic.AddOut(batch.Count);
                core.Tables.Offsets.NotePull(pull.Group.Name, pull.Topic.Name, pull.QueueId, outcome.NextOffset);
                request.ReplyStreaming(code, header, new Records(batch), remark);
            }
            else
            {
                request.Reply(code, header, remark);
            }

            return true;
        }
        finally
        {
            batch.Clear();
        }
    }

    private static PullMessageResponseHeader Answer(PullRequest pull, in ReadOutcome outcome) => new()
    {
        SuggestWhichBrokerId = pull.Group.BrokerId,
        NextBeginOffset = outcome.NextOffset,
        MinOffset = outcome.MinOffset,
        MaxOffset = outcome.MaxOffset,
        TopicSystemFlag = pull.Topic.SystemFlag,
        GroupSystemFlag = pull.Group.SystemFlag,
    };

    private PullMessageResponseHeader Moved(PullRequest pull, long offset) => new()
    {
        SuggestWhichBrokerId = pull.Group.BrokerId,
        NextBeginOffset = offset,
        MinOffset = core.Offsets.Min(pull.Topic.Name, pull.QueueId),
        MaxOffset = core.Offsets.Max(pull.Topic.Name, pull.QueueId),
    };

    private static PullMessageResponseHeader EmptyAnswer() => new()
    {
        SuggestWhichBrokerId = 0,
        NextBeginOffset = 0,
        MinOffset = 0,
        MaxOffset = 0,
    };

    [LoggerMessage(EventId = 4009, Level = LogLevel.Warning, Message = "A held pull could not be answered")]
    private static partial void LogFailed(ILogger logger, Exception error);

    private readonly struct Records(RecordBatch batch) : IResponseBody
    {
        public int Length => batch.Bytes;

        public void WriteTo(IBufferWriter<byte> output) => batch.WriteTo(output);
    }
}
