using System.Buffers;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// POP_MESSAGE (200050): messages of any queue, at once or as soon as there are some. Records go from the mapped log straight into
/// the connection's output.
/// </summary>
internal sealed class PopHandler : IRequestHandler, IPopAnswers
{
    /// <summary>A request that came so much later than it would have waited is not tried.</summary>
    private const int MostLate = 500;

    [ThreadStatic]
    private static PopAnswer? _answer;

    private readonly BrokerCore _core;
    private readonly TimeProvider _time;
    private readonly PopCheck _check;
    private readonly PopHolder _holder;

    public PopHandler(BrokerCore core, TimeProvider time, ILogger logger)
    {
        _core = core;
        _time = time;
        _check = new PopCheck(core);
        _holder = new PopHolder(core, this, isNotification: false, time, logger);
    }

    public ValueTask HandleAsync(RemotingRequest request)
    {
        PopMessageRequestHeader header = PopMessageRequestHeader.Read(request.Fields);
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (header.BornTime > 0 && now - header.BornTime - header.PollTime > MostLate)
        {
            request.Reply(ResponseCode.PollingTimeout, default(PopMessageResponseHeader), $"the broker[{_core.StoreHost.Address}] pop message is timeout too much");
            return default;
        }

        (int code, string? remark) = _check.Check(header, out PopRequest pop);
        if (code != 0)
        {
            request.Reply(code, default(PopMessageResponseHeader), remark);
            return default;
        }

        return _holder.HandleAsync(request, pop, _holder.DeadlineOf(header.BornTime, header.PollTime));
    }

    public bool TryAnswer(RemotingRequest remoting, in PopRequest request, out ValueTask answered)
    {
        answered = default;
        PopAnswer answer = Rent();
        PopStatus status = PopStatus.Nothing;
        try
        {
            status = _core.Pop.Pop(request, answer);
            if (status == PopStatus.Found)
            {
                answered = AnswerAsync(remoting, request, answer);
                return true;
            }

            if (status == PopStatus.Full)
            {
                remoting.Reply(ResponseCode.PollingFull, Header(request, answer), $"too many messages in flight: {_core.Options.MaxPopCheckpoints} pops are open, or progress of {_core.Options.MaxOffsets} queues is kept, as many as may be");
            }

            return status == PopStatus.Full;
        }
        finally
        {
            if (status != PopStatus.Found)
            {
                Return(answer);
            }
        }
    }

    // What was popped stays invisible after a crash, too: its account is durable before anybody has it. All pops of one flush wait together.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AnswerAsync(RemotingRequest remoting, PopRequest request, PopAnswer answer)
    {
        try
        {
            if (answer.AccountEnd.Value > 0 && await _core.Store.WaitDurableAsync(answer.AccountEnd).ConfigureAwait(false) != DurabilityStatus.Durable)
            {
                remoting.Reply(ResponseCode.SystemError, default(PopMessageResponseHeader), $"the pop could not be made durable: {_core.Store.State.Reason}");
                return;
            }

            _core.Desk.Traffic.AddOut(answer.Count);
            remoting.ReplyStreaming(ResponseCode.Success, Header(request, answer), new Records(answer), "FOUND");
        }
        finally
        {
            Return(answer);
        }
    }

    private static PopAnswer Rent()
    {
        PopAnswer answer = _answer ?? new PopAnswer();
        _answer = null;
        return answer;
    }

    // One is kept for each thread: a pop that waits for the disk takes its own with it.
    private static void Return(PopAnswer answer)
    {
        answer.Clear();
        _answer ??= answer;
    }

    public void AnswerEmpty(RemotingRequest remoting, in PopRequest request, PopHold why)
    {
        PopAnswer answer = Rent();
        answer.PopTime = _time.GetUtcNow().ToUnixTimeMilliseconds();
        answer.ReviveQueueId = request.IsOrdered ? PopNames.OrderReviveQueue : 0;
        remoting.Reply(why == PopHold.Full ? ResponseCode.PollingFull : ResponseCode.PollingTimeout, Header(request, answer), "NO_MESSAGE_IN_QUEUE");
        Return(answer);
    }

    private static PopMessageResponseHeader Header(in PopRequest request, PopAnswer answer) => new()
    {
        PopTime = answer.PopTime,
        InvisibleTime = request.InvisibleTime,
        ReviveQueueId = answer.ReviveQueueId,
        RestCount = answer.Rest,
        StartOffsetInfo = answer.StartOffsets.Text,
        MessageOffsetInfo = answer.MessageOffsets.Text,
        OrderCountInfo = request.IsOrdered ? answer.OrderCounts.Text : default,
    };

    private readonly struct Records(PopAnswer answer) : IResponseBody
    {
        public int Length => answer.Bytes;

        public void WriteTo(IBufferWriter<byte> output) => answer.WriteTo(output);
    }
}
