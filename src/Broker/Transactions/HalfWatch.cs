using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>Follows the two queues of transactions: all of what is there still at the start, then record by record.</summary>
internal sealed class HalfWatch(OpenTransactions open) : IDispatchListener
{
    private const int EntriesAtOnce = 64;

    /// <summary>Reads what both queues have from these places on; -1 for the first.</summary>
    public void Read(MessageStore store, long half, long op)
    {
        store.TryGetQueue(HalfTopics.Half, 0, out ConsumeQueue? halves);
        store.TryGetQueue(HalfTopics.Op, 0, out ConsumeQueue? ops);
        long firstHalf = First(halves, half);
        long firstOp = First(ops, op);
        open.BeginAt(firstHalf, firstOp);
        Read(store, halves, firstHalf);
        Read(store, ops, firstOp);
    }

    public void OnDispatched(in DispatchedMessage message)
    {
        string topic = message.Queue.Topic;
        bool isHalf = topic.Length == HalfTopics.Half.Length && topic == HalfTopics.Half;
        if (isHalf || (topic.Length == HalfTopics.Op.Length && topic == HalfTopics.Op))
        {
            Take(message.Record, isHalf);
        }
    }

    public void OnBatchEnd(long offset)
    {
    }

    private static long First(ConsumeQueue? queue, long wanted) => queue is null ? 0
        : wanted < 0 ? queue.MinOffset
        : Math.Clamp(wanted, queue.MinOffset, queue.MaxOffset);

    private void Read(MessageStore store, ConsumeQueue? queue, long first)
    {
        if (queue is null)
        {
            return;
        }

        bool isHalf = queue.Topic == HalfTopics.Half;
        Span<QueueEntry> entries = stackalloc QueueEntry[EntriesAtOnce];
        for (long next = first; next < queue.MaxOffset;)
        {
            int count = queue.ReadEntries(next, entries);
            if (count == 0)
            {
                return;
            }

            for (int i = 0; i < count; i++)
            {
                if (!entries[i].IsFiller && store.ReadRecord(queue, next + i, entries[i], out RecordLease lease) == EntryReading.Found)
                {
                    using (lease)
                    {
                        if (lease.TryRead(out MessageRecord record))
                        {
                            Take(record, isHalf);
                        }
                    }
                }
            }

            next += count;
        }
    }

    private void Take(in MessageRecord record, bool isHalf)
    {
        if (record.QueueId != 0)
        {
            return;
        }

        if (isHalf)
        {
            // A copy of ours names the place before it in a field that is 0 otherwise, one more than it; copies that were
            // made without a question have the first place in their properties, too.
            long before = record.PreparedTransactionOffset > 0 ? record.PreparedTransactionOffset - 1 : HalfProperties.FirstPlaceOf(record.Properties);
            open.Arrived(record.QueueOffset, record.PhysicalOffset, Math.Min(HalfProperties.Born(record), record.StoreTimestamp), before < record.QueueOffset ? before : -1);
        }
        else if (record.Tags.SequenceEqual("d"u8))
        {
            open.Ended(record.QueueOffset, record.Body);
        }
    }
}
