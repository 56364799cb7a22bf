using System.Runtime.CompilerServices;
using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Acknowledgements of popped messages, and changes of their invisible time.</summary>
internal sealed class PopSettlements(PopTable table, PopWaits waits, MessageStore store, MessageIntake intake, ITopics topics, SubscriptionGroupTable groups, IOffsets offsets, OffsetResets resets, BrokerOptions options, TimeProvider time)
{
    private readonly long _startedAt = time.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask<PopSettleStatus> Ack(string group, string topic, int queueId, in ReceiptHandle handle, ReadOnlySpan<long> acked)
    {
        if (handle.IsOrdered)
        {
            return new ValueTask<PopSettleStatus>(AckInOrder(group, topic, queueId, handle, acked));
        }

        if (table.FindQueue(topic, group, queueId) is not { } queue || Find(queue, handle) is null)
        {
            return IsForeign(group, handle) && table.FindOrAddQueue(topic, group, queueId) is { } unknown
                ? AckLater(table.SettledRecord(unknown, new CheckpointKey(handle.StartOffset, handle.PopTime), null, acked), handle)
                : new ValueTask<PopSettleStatus>(PopSettleStatus.Ok);
        }

        AppendResult appended = default;
        bool wasClosed;
        lock (queue.Lock)
        {
            wasClosed = queue.InFlight >= options.MaxPopInFlight;
            Span<long> open = acked.Length <= Checkpoint.MostMessages ? stackalloc long[acked.Length] : new long[acked.Length];
            if (Find(queue, handle) is not { } checkpoint || Open(checkpoint, acked, open) is not (> 0 and var count))
            {
                return new ValueTask<PopSettleStatus>(PopSettleStatus.Ok);
            }

            appended = checkpoint.Account.Append(table.SettledRecord(queue, checkpoint.Key, checkpoint.BrokerName, open[..count]));
            if (appended.Status != AppendStatus.Appended)
            {
                return new ValueTask<PopSettleStatus>(PopSettleStatus.NotKept);
            }

            Settle(queue, checkpoint, open[..count]);
            queue.CommitKept(offsets, table.IsKept);
        }

        if (wasClosed)
        {
            waits.WakeOne(queue.Owner, queue.QueueId);
        }

        return WhenDurable(store.WaitDurableAsync(appended.End));
    }

    public ValueTask<PopExtension> Change(string group, string topic, int queueId, in ReceiptHandle handle, long offset, long invisibleTime)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (handle.IsOrdered)
        {
            return new ValueTask<PopExtension>(ChangeInOrder(group, topic, queueId, handle, offset, invisibleTime, now));
        }

        var unchanged = new PopExtension(PopSettleStatus.Ok, now, invisibleTime, handle.ReviveQueueId);
        bool isForeign = IsForeign(group, handle);
        PopQueue? queue = isForeign ? table.FindOrAddQueue(topic, group, queueId) : table.FindQueue(topic, group, queueId);
        if (queue is null)
        {
            return new ValueTask<PopExtension>(unchanged);
        }

        AppendResult appended;
        Checkpoint extended;
        ReviveRecord? later = null;
        lock (queue.Lock)
        {
            Checkpoint? checkpoint = Find(queue, handle);
            int index = checkpoint?.IndexOf(offset) ?? -1;
            if (checkpoint is null ? !isForeign : index < 0 || (checkpoint.Settled & (1u << index)) != 0)
            {
                // It came back already, or was acknowledged: there is nothing to make invisible.
                return new ValueTask<PopExtension>(unchanged);
            }

            extended = Extend(queue, handle, offset, invisibleTime, now);
            appended = extended.Account.Append(table.RecordOf(extended), extended);
            if (appended.Status != AppendStatus.Appended)
            {
                return new ValueTask<PopExtension>(new PopExtension(PopSettleStatus.NotKept));
            }

            table.Follow(extended, extended.ReviveTime);
            ReadOnlySpan<long> one = [offset];
            ReviveRecord record = table.SettledRecord(queue, new CheckpointKey(handle.StartOffset, handle.PopTime), checkpoint?.BrokerName, one);
            if (checkpoint is null)
            {
                later = record;
            }
            else if (checkpoint.Account.Append(record) is { Status: AppendStatus.Appended } settled)
            {
                // Settled in the log after the new one is there: a crash between the two gives the message twice, never not at all.
                appended = settled;
                Settle(queue, checkpoint, one);
            }
        }

        var extension = new PopExtension(PopSettleStatus.Ok, extended.PopTime, invisibleTime, extended.Account.Id);
        return later is null
            ? WhenDurable(store.WaitDurableAsync(appended.End), extension)
            : WhenSettled(AckLater(later, handle), extension);
    }

    private static Checkpoint Extend(PopQueue queue, in ReceiptHandle handle, long offset, long invisibleTime, long now)
    {
        // The handles must differ, also within a millisecond: else the end of the old one would be that of the new one.
        long popTime = now;
        while (queue.Contains(new CheckpointKey(offset, popTime)) || (offset == handle.StartOffset && popTime == handle.PopTime))
        {
            popTime++;
        }

        return new Checkpoint
        {
            Queue = queue,
            Account = queue.Owner.Account,
            StartOffset = offset,
            PopTime = popTime,
            InvisibleTime = invisibleTime,
            Count = 1,
        };
    }

    private PopSettleStatus AckInOrder(string group, string topic, int queueId, in ReceiptHandle handle, ReadOnlySpan<long> acked)
    {
        if (groups.Find(group) is null || table.FindOrAddQueue(topic, group, queueId) is not { } queue)
        {
            return PopSettleStatus.Ok;
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        bool isFree;
        lock (queue.Lock)
        {
            foreach (long offset in acked)
            {
                if (offset < offsets.Query(group, topic, queueId))
                {
                    continue;
                }

                long next = queue.Order is { } order ? order.Settle(offset, handle.PopTime) : offset + 1;
                if (next == -1)
                {
                    return PopSettleStatus.OffsetIllegal;
                }

                if (next >= 0 && !resets.IsPending(topic, group, queueId))
                {
                    queue.Commit(offsets, next);
                }
            }

            table.FreeLater(queue, now);
            isFree = queue.Order?.Blocks(null, handle.InvisibleTime, now) != true;
        }

        if (isFree)
        {
            waits.WakeOne(queue.Owner, queueId);
        }

        return PopSettleStatus.Ok;
    }

    private PopExtension ChangeInOrder(string group, string topic, int queueId, in ReceiptHandle handle, long offset, long invisibleTime, long now)
    {
        if (table.FindQueue(topic, group, queueId) is not { } queue || offset < offsets.Query(group, topic, queueId))
        {
            return default;
        }

        lock (queue.Lock)
        {
            if (queue.Order is { } order && order.PopTime == handle.PopTime && Array.IndexOf(order.Offsets, offset) >= 0)
            {
                order.VisibleAt[offset] = now + invisibleTime;
                table.FreeLater(queue, now);
            }
        }

        return new PopExtension(PopSettleStatus.Ok, handle.PopTime, now + invisibleTime - handle.PopTime, handle.ReviveQueueId);
    }

    private void Settle(PopQueue queue, Checkpoint checkpoint, ReadOnlySpan<long> settled)
    {
        queue.Settle(checkpoint, settled);
        if (checkpoint.Open == 0)
        {
            table.Forget(checkpoint);
        }
    }

    private static Checkpoint? Find(PopQueue queue, in ReceiptHandle handle)
    {
        lock (queue.Lock)
        {
            return queue.Find(new CheckpointKey(handle.StartOffset, handle.PopTime));
        }
    }

    private static int Open(Checkpoint checkpoint, ReadOnlySpan<long> acked, Span<long> open)
    {
        int count = 0;
        uint seen = checkpoint.Settled;
        foreach (long offset in acked)
        {
            int index = checkpoint.IndexOf(offset);
            if (index >= 0 && (seen & (1u << index)) == 0)
            {
                seen |= 1u << index;
                open[count++] = offset;
            }
        }

        return count;
    }

    // Popped before this start and not due yet, and not in the account: the broker that had this directory before keeps such
    // pops in its timers. They come to the account when they are due, and what settles them must come after them.
    private bool IsForeign(string group, in ReceiptHandle handle) =>
        groups.Find(group) is not null && handle.PopTime < _startedAt && handle.InvisibleTime > 0 && handle.InvisibleTime < (long)options.TimerMaxDelay.TotalMilliseconds
        && handle.PopTime + handle.InvisibleTime > time.GetUtcNow().ToUnixTimeMilliseconds();

    private ValueTask<PopSettleStatus> AckLater(ReviveRecord record, in ReceiptHandle handle) =>
        topics.Find(table.ReviveTopic) is { } topic && handle.ReviveQueueId < topic.WriteQueues
            ? WhenPut(intake.Put(LaterRequest(record, handle, topic)))
            : new ValueTask<PopSettleStatus>(PopSettleStatus.Ok);

    private SendRequest LaterRequest(ReviveRecord record, in ReceiptHandle handle, BrokerTopic topic)
    {
        var written = new System.Buffers.ArrayBufferWriter<byte>(256);
        record.Write(written);
        return new SendRequest
        {
            Topic = topic,
            QueueId = handle.ReviveQueueId,
            BornTime = time.GetUtcNow().ToUnixTimeMilliseconds(),
            BornHost = store.Options.StoreHost.ToEndPoint(),
            DeliverAt = handle.PopTime + handle.InvisibleTime,
            Properties = Encoding.UTF8.GetBytes($"TAGS\u0001{Encoding.ASCII.GetString(ReviveRecord.TagOf(record.Kind))}\u0002UNIQ_KEY\u0001{record.UniqueKey()}\u0002"),
            Body = written.WrittenSpan,
        };
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<PopSettleStatus> WhenDurable(ValueTask<DurabilityStatus> durable) =>
        await durable.ConfigureAwait(false) == DurabilityStatus.Durable ? PopSettleStatus.Ok : PopSettleStatus.NotKept;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<PopExtension> WhenDurable(ValueTask<DurabilityStatus> durable, PopExtension extension) =>
        await durable.ConfigureAwait(false) == DurabilityStatus.Durable ? extension : new PopExtension(PopSettleStatus.NotKept);

    private static async ValueTask<PopExtension> WhenSettled(ValueTask<PopSettleStatus> settled, PopExtension extension) =>
        await settled.ConfigureAwait(false) == PopSettleStatus.Ok ? extension : new PopExtension(PopSettleStatus.NotKept);

    private static async ValueTask<PopSettleStatus> WhenPut(ValueTask<SendOutcome> put) =>
        (await put.ConfigureAwait(false)).Status == SendStatus.Ok ? PopSettleStatus.Ok : PopSettleStatus.NotKept;
}
