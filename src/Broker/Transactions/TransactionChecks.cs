using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>
/// Looks at the open transactions and asks their producers. Before it asks, it puts a copy of the half message that
/// counts the question: the answer names the copy. Nobody to ask: the message stays and waits.
/// </summary>
internal sealed partial class TransactionChecks(
    MessageStore store, OpenTransactions open, OpWriter ops, BrokerTables tables, BrokerOptions options, TransactionMeters meters, TimeProvider time, ILogger logger)
{
    /// <summary>Half messages behind which one that waits is put again, so that a start does not read more than these.</summary>
    private const int MostBehind = 100_000;

    private const int QuestionsAtOnce = 64;

    private readonly List<Question> _questions = [];

    private enum Step
    {
        Wait,
        Renewed,
        Asked,
        Later,
    }

    /// <summary>Looks at all of them once; true when some are left for the next second.</summary>
    public async Task<bool> PassAsync(CancellationToken stop)
    {
        int asked = 0;
        foreach (OpenTransaction transaction in open.Waiting())
        {
            stop.ThrowIfCancellationRequested();
            Step step = Look(transaction, asked < options.MaxTransactionChecksPerSecond);
            if (step == Step.Later)
            {
                await AskAsync().ConfigureAwait(false);
                return true;
            }

            asked += step == Step.Asked ? 1 : 0;
            if (_questions.Count == QuestionsAtOnce)
            {
                await AskAsync().ConfigureAwait(false);
            }
        }

        await AskAsync().ConfigureAwait(false);
        return false;
    }

    private Step Look(OpenTransaction transaction, bool mayAsk)
    {
        using RecordLease lease = store.ReadRecord(transaction.PhysicalOffset);
        if (lease.IsEmpty || !lease.TryRead(out MessageRecord half))
        {
            LogLost(logger, transaction.PhysicalOffset);
            meters.Lost();
            open.Lost(transaction);
            return Step.Wait;
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        int times = HalfProperties.CheckTimes(half.Properties);
        if (times >= options.TransactionCheckMax || now - transaction.Since > (long)options.RetentionTime.TotalMilliseconds)
        {
            Discard(transaction, half, now);
            return Step.Wait;
        }

        long immunity = HalfProperties.ImmunityOf(half.Properties) ?? (long)options.TransactionTimeout.TotalMilliseconds;
        if (now - transaction.Since < immunity)
        {
            return Stay(transaction, half, times);
        }

        string? group = PropertyText.GetString(half.Properties, HalfProperties.ProducerGroup);
        if (group is not null && !tables.Producers.HasMembers(group))
        {
            meters.Unreachable();
            return Stay(transaction, half, times);
        }

        if (!mayAsk)
        {
            return Step.Later;
        }

        long before = half.PhysicalOffset;
        if (!Renew(transaction, half, times + 1, out AppendResult copy))
        {
            return Step.Wait;
        }

        _questions.Add(new Question(before, copy, times + 1, group));
        return Step.Asked;
    }

    // What waits long must not keep a start from beginning behind it.
    private Step Stay(OpenTransaction transaction, in MessageRecord half, int times)
    {
        bool isRenewed = open.IsBehind(transaction.Place, MostBehind) && Renew(transaction, half, times == 0 ? null : times, out _);
        return isRenewed ? Step.Renewed : Step.Wait;
    }

    private bool Renew(OpenTransaction transaction, in MessageRecord half, int? times, out AppendResult copy)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));

            // Where there is no room to count, it is asked about without.
            bool fits = HalfProperties.TryRenew(ref writer, half.Properties, times, times is null ? half.QueueOffset : null);
            ReadOnlySpan<byte> properties = fits ? writer.Written : half.Properties;
            return open.TryRenew(
                transaction,
                store,
                new MessageToStore
                {
                    Topic = HalfTopics.HalfUtf8,
                    QueueId = 0,
                    Body = half.Body,
                    Properties = properties,
                    Flag = half.Flag,
                    SysFlag = half.SysFlag,
                    BornTimestamp = half.BornTimestamp,
                    BornHost = half.BornHost,
                    ReconsumeTimes = half.ReconsumeTimes,
                    PreparedTransactionOffset = transaction.Place + 1,
                },
                out copy);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask AskAsync()
    {
        if (_questions.Count == 0)
        {
            return;
        }

        DurabilityStatus durable = await store.WaitDurableAsync(_questions[^1].Copy.End).ConfigureAwait(false);
        if (durable == DurabilityStatus.Durable)
        {
            foreach (Question question in _questions)
            {
                Ask(question);
            }
        }

        _questions.Clear();
    }

    private void Ask(in Question question)
    {
        if (question.Group is null)
        {
            return;
        }

        using RecordLease lease = store.ReadRecord(question.Before);
        if (lease.IsEmpty || !lease.TryRead(out MessageRecord half) || HalfRecord.ForProducer(half, question.Copy, question.Times) is not { } record)
        {
            return;
        }

        var asked = new TransactionQuestion(
            question.Copy.QueueOffset,
            question.Copy.PhysicalOffset,
            PropertyText.GetString(half.Properties, SystemProperties.UniqueKey),
            OffsetMessageId.Format(store.Options.StoreHost, question.Copy.PhysicalOffset),
            options.Name,
            record);
        foreach (ProducerMember member in tables.Producers.InTurn(question.Group))
        {
            if (member.TryAsk(asked))
            {
                meters.Asked();
                return;
            }
        }

        meters.Unreachable();
    }

    private void Discard(OpenTransaction transaction, in MessageRecord half, long now)
    {
        if (!open.TryBegin(transaction.Place, TransactionResult.Discarded, out _, out _))
        {
            return;
        }

        tables.Topics.CreateIfAbsent(new BrokerTopic { Name = HalfTopics.Discarded, ReadQueues = 1, WriteQueues = 1 }, out _);
        AppendResult put = store.Append(new MessageToStore
        {
            Topic = HalfTopics.DiscardedUtf8,
            QueueId = 0,
            Body = half.Body,
            Properties = half.Properties,
            Flag = half.Flag,
            SysFlag = half.SysFlag,
            BornTimestamp = half.BornTimestamp,
            BornHost = half.BornHost,
            ReconsumeTimes = half.ReconsumeTimes,
        });
        if (put.Status != AppendStatus.Appended)
        {
            open.GoOn(transaction);
            return;
        }

        LogDiscarded(logger, Encoding.UTF8.GetString(HalfProperties.TryTarget(half.Properties, out ReadOnlySpan<byte> topic, out _) ? topic : default), half.PhysicalOffset);
        meters.Ended(TransactionResult.Discarded, now - transaction.Since);
        _ = open.End(transaction, ops);
    }

    [LoggerMessage(EventId = 4018, Level = LogLevel.Warning, Message = "The half message at {PhysicalOffset} is not in the log any more: its transaction is given up")]
    private static partial void LogLost(ILogger logger, long physicalOffset);

    [LoggerMessage(EventId = 4019, Level = LogLevel.Warning, Message = "A transaction of topic {Topic} was asked about too often, or is too old: its half message at {PhysicalOffset} is in TRANS_CHECK_MAX_TIME_TOPIC now")]
    private static partial void LogDiscarded(ILogger logger, string topic, long physicalOffset);

    private readonly record struct Question(long Before, AppendResult Copy, int Times, string? Group);
}
