using System.Numerics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>BATCH_ACK_MESSAGE (200151): messages of several pops are settled, each pop with one record; answered when that is durable.</summary>
internal sealed class BatchAckHandler(BrokerCore core) : IRequestHandler
{
    /// <summary>A pop has 32 messages at most; with a rare tag they lie apart. What is further from the start is not looked at.</summary>
    private const int MostBytes = 64 * 1024;

    private readonly PopSettleCheck _check = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        BatchAckBody? body = request.Body.IsEmpty ? null : LenientJson.Read(request.Body, RemotingJson.Bodies.BatchAckBody);
        body?.Acks?.RemoveAll(static ack => ack is null);
        if (body?.Acks is not { Count: > 0 } acks)
        {
            request.Reply(ResponseCode.NoMessage, "the body has no acks");
            return default;
        }

        return SettleAsync(request, acks);
    }

    private async ValueTask SettleAsync(RemotingRequest request, List<BatchAckEntry> acks)
    {
        // All are appended before the first is waited for: one flush keeps them.
        var settling = new List<Task<PopSettleStatus>>(acks.Count);
        foreach (BatchAckEntry ack in acks)
        {
            if (Settle(ack) is { } settled)
            {
                settling.Add(settled);
            }
        }

        PopSettleStatus worst = PopSettleStatus.Ok;
        foreach (PopSettleStatus status in await Task.WhenAll(settling).ConfigureAwait(false))
        {
            worst = status > worst ? status : worst;
        }

        (int code, string? remark) = _check.Of(worst, acks[0].Topic ?? string.Empty, acks[0].QueueId, acks[0].StartOffset);
        request.Reply(code, remark);
    }

    // What names nothing that is there is passed over, as by RocketMQ.
    private Task<PopSettleStatus>? Settle(BatchAckEntry ack)
    {
        if (ack.Group is not { } group || ack.Topic is not { } first || ack.Bits is not { Length: > 0 and <= MostBytes } bits
            || core.Groups.Find(group) is not { } settings
            || PopNames.Marked(first, group, ack.Retry ?? "0") is not { } name
            || core.Topics.Find(name) is not { } topic
            || (uint)ack.QueueId >= (uint)topic.ReadQueues
            || ack.ReviveQueueId is < 0 or > PopNames.OrderReviveQueue)
        {
            return null;
        }

        long min = core.Offsets.Min(name, ack.QueueId);
        long max = core.Offsets.Max(name, ack.QueueId);
        var offsets = new List<long>(PopCheck.MostMessages);
        for (int i = 0; i < bits.Length && offsets.Count < PopCheck.MostMessages; i++)
        {
            for (uint left = bits[i]; left != 0 && offsets.Count < PopCheck.MostMessages; left &= left - 1)
            {
                long offset = ack.StartOffset + (i * 8) + BitOperations.TrailingZeroCount(left);
                if (offset >= min && offset <= max)
                {
                    offsets.Add(offset);
                }
            }
        }

        var handle = new ReceiptHandle(ack.StartOffset, ack.PopTime, ack.InvisibleTime, ack.ReviveQueueId);
        return offsets.Count == 0 ? null : core.Pop.AckAsync(settings.Name, topic.Name, ack.QueueId, handle, [.. offsets]).AsTask();
    }
}
