using System.Text;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>
/// Ends transactions: the message goes into its topic, then the op message into the log behind it. It is answered when
/// the op message is durable, so that an end that was answered is never asked about again.
/// </summary>
internal sealed class TransactionEnds(MessageStore store, OpenTransactions open, OpWriter ops, BrokerOptions options, TransactionMeters meters, BrokerStatistics statistics, TimeProvider time)
{
    private static readonly EndOutcome NotFound = new(EndStatus.Wrong, "Find prepared transaction message failed");

    private static readonly EndOutcome Unflushed = new(EndStatus.Unknown, "the end of the transaction was written, but not flushed: whether it survives is unknown");

    public async ValueTask<EndOutcome> EndAsync(TransactionEnd end)
    {
        // The answer to the half message may be at the producer a moment before its record can be read here.
        if (end.PhysicalOffset >= store.Dispatched.Value && end.PhysicalOffset < store.Written.Value)
        {
            await store.WaitDispatchedAsync().ConfigureAwait(false);
        }

        if (Begin(end, out Task<bool>? ended, out WrittenOffset late) is { } outcome)
        {
            return outcome;
        }

        bool isDurable = ended is not null
            ? await ended.ConfigureAwait(false)
            : await store.WaitDurableAsync(late).ConfigureAwait(false) == DurabilityStatus.Durable;
        return isDurable ? new EndOutcome(EndStatus.Ok) : Unflushed;
    }

    // Null when it is under way: then it is done when the task is, or when the log is durable up to there.
    private EndOutcome? Begin(in TransactionEnd end, out Task<bool>? ended, out WrittenOffset late)
    {
        ended = null;
        late = default;
        using RecordLease lease = end.PhysicalOffset < 0 ? default : store.ReadRecord(end.PhysicalOffset);
        if (lease.IsEmpty || !lease.TryRead(out MessageRecord half) || !half.Topic.SequenceEqual(HalfTopics.HalfUtf8))
        {
            return NotFound;
        }

        if (end.Key is { } key && PropertyText.GetString(half.Properties, SystemProperties.UniqueKey) != key)
        {
            return NotFound;
        }

        if (Refuse(end, half) is { } refused)
        {
            return refused;
        }

        if (!open.TryBegin(end.Place, end.Result, out OpenTransaction? transaction, out TransactionResult? known))
        {
            return transaction is not null
                ? Joined(end, transaction, out ended)
                : Again(end, half, known, out late);
        }

        if (end.Result == TransactionResult.Committed)
        {
            AppendResult put = Put(half);
            if (put.Status != AppendStatus.Appended)
            {
                open.GoOn(transaction!);
                return new EndOutcome(EndStatus.NotPut, Append: put.Status);
            }
        }

        meters.Ended(end.Result, time.GetUtcNow().ToUnixTimeMilliseconds() - HalfProperties.Born(half));
        ended = open.End(transaction!, ops);
        return null;
    }

    private EndOutcome? Refuse(in TransactionEnd end, in MessageRecord half)
    {
        if (!end.WasAsked && HalfProperties.HasImmunity(half.Properties))
        {
            long timeout = (long)options.TransactionTimeout.TotalMilliseconds;
            long immunity = Math.Max(timeout, HalfProperties.ImmunityOf(half.Properties) ?? 0);
            if (time.GetUtcNow().ToUnixTimeMilliseconds() - HalfProperties.Born(half) > immunity)
            {
                return new EndOutcome(EndStatus.TooLate);
            }
        }

        if (!PropertyText.TryGet(half.Properties, HalfProperties.ProducerGroup, out ReadOnlySpan<byte> group)
            || !group.SequenceEqual(Encoding.UTF8.GetBytes(end.ProducerGroup)))
        {
            return new EndOutcome(EndStatus.Wrong, "The producer group wrong");
        }

        return half.QueueOffset != end.Place
            ? new EndOutcome(EndStatus.Wrong, "The transaction state table offset wrong")
            : half.PhysicalOffset != end.PhysicalOffset
                ? new EndOutcome(EndStatus.Wrong, "The commit log offset wrong")
                : null;
    }

    // Another end of it is under way.
    private static EndOutcome? Joined(in TransactionEnd end, OpenTransaction transaction, out Task<bool>? ended)
    {
        ended = transaction.Ended;
        return transaction.Ending != end.Result
            ? Otherwise(transaction.Ending)
            : ended is null ? Unflushed : null;
    }

    // It has ended before. One that was put aside comes still when its producer says so after all, as in RocketMQ.
    private EndOutcome? Again(in TransactionEnd end, in MessageRecord half, TransactionResult? known, out WrittenOffset late)
    {
        late = default;
        if (known == end.Result)
        {
            return new EndOutcome(EndStatus.Ok);
        }

        if (known != TransactionResult.Discarded)
        {
            return known is null ? NotFound with { Remark = "Find prepared transaction message failed, the transaction has ended already" } : Otherwise(known);
        }

        if (end.Result == TransactionResult.RolledBack)
        {
            return new EndOutcome(EndStatus.Ok);
        }

        if (!open.Change(end.Place, TransactionResult.Discarded, TransactionResult.Committed))
        {
            return Unflushed;
        }

        AppendResult put = Put(half);
        if (put.Status != AppendStatus.Appended)
        {
            open.Change(end.Place, TransactionResult.Committed, TransactionResult.Discarded);
            return new EndOutcome(EndStatus.NotPut, Append: put.Status);
        }

        late = put.End;
        return null;
    }

    private static EndOutcome Otherwise(TransactionResult? result) =>
        new(EndStatus.Wrong, $"the transaction ended already, it was {(result == TransactionResult.Committed ? "committed" : result == TransactionResult.RolledBack ? "rolled back" : "put aside")}");

    // The properties stay as they are: what RocketMQ stores has them all, too.
    private AppendResult Put(in MessageRecord half)
    {
        if (!HalfProperties.TryTarget(half.Properties, out ReadOnlySpan<byte> topic, out int queueId))
        {
            return new AppendResult(AppendStatus.Malformed);
        }

        AppendResult put = store.Append(new MessageToStore
        {
            Topic = topic,
            QueueId = queueId,
            Body = half.Body,
            Properties = half.Properties,
            Flag = half.Flag,
            SysFlag = (half.SysFlag & ~MessageSysFlag.TransactionMask) | MessageSysFlag.TransactionCommit,
            BornTimestamp = half.BornTimestamp,
            BornHost = half.BornHost,
            ReconsumeTimes = half.ReconsumeTimes,
            PreparedTransactionOffset = half.PhysicalOffset,
        });
        if (put.Status == AppendStatus.Appended)
        {
            statistics.TopicPut(Encoding.UTF8.GetString(topic), 1, put.Size);
        }

        return put;
    }
}
