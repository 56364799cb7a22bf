using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Counts the sends that wait for the disk, and says of each refusal for a time which limit it was.</summary>
/// <remarks>Thread safe. A send that need not wait is not counted.</remarks>
internal sealed class FlowControl(MessageStore store, BrokerOptions options, BrokerMetrics metrics)
{
    private const string Busy = "broker busy, start flow control for a while: ";

    private readonly string _undurable = $"{Busy}{options.MaxUndurableBytes} bytes wait to become durable (limit MaxUndurableBytes)";
    private readonly string _tooManyWait = $"{Busy}{options.MaxWaitingSends} sends wait for the disk (limit MaxWaitingSends)";
    private readonly string _queues = $"broker busy: {store.Options.MaxQueues} queues exist, as many as may be (limit MaxQueues)";
    private int _waiting;

    /// <summary>Sends that wait for the disk.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether one more may wait; the refusal otherwise.</summary>
    public bool MayWait(out SendOutcome refusal)
    {
        if (Waiting < options.MaxWaitingSends)
        {
            refusal = default;
            return true;
        }

        refusal = Refuse(FlowLimit.WaitingSends, SendStatus.Busy, _tooManyWait);
        return false;
    }

    /// <summary>The outcome of a message that is in the log, when it is as durable as it should be.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SendOutcome> WhenDurableAsync(ValueTask<DurabilityStatus> durable, SendOutcome outcome)
    {
        if (durable.IsCompleted)
        {
            return After(await durable.ConfigureAwait(false), outcome);
        }

        Interlocked.Increment(ref _waiting);
        try
        {
            return After(await durable.ConfigureAwait(false), outcome);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>What the store refuses for a time.</summary>
    public SendOutcome Refuse(AppendStatus status) => status switch
    {
        AppendStatus.Busy => Refuse(FlowLimit.UndurableBytes, SendStatus.Busy, _undurable),
        AppendStatus.TooManyQueues => Refuse(FlowLimit.Queues, SendStatus.Busy, _queues),
        AppendStatus.DiskFull => Refuse(FlowLimit.DiskFull, SendStatus.ReadOnly, store.State.Reason ?? "the broker's disk is full"),
        AppendStatus.ShuttingDown => Refuse(FlowLimit.Stopping, SendStatus.ReadOnly, "the broker is stopping"),
        _ => Refuse(FlowLimit.ReadOnly, SendStatus.ReadOnly, store.State.Reason ?? "the store takes no writes"),
    };

    private SendOutcome Refuse(FlowLimit limit, SendStatus status, string remark)
    {
        metrics.Limited(limit);
        return new SendOutcome(status, Remark: remark);
    }

    private static SendOutcome After(DurabilityStatus status, in SendOutcome outcome) => status == DurabilityStatus.Durable
        ? outcome
        : new SendOutcome(SendStatus.Unknown, Remark: "the message was written, but not flushed: whether it survives is unknown");
}
