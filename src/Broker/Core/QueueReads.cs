using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Compaction;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Reads of queues: where the offset stands, which entries match, the leases of their records.</summary>
internal sealed class QueueReads(MessageStore store, ITopics topics, BrokerOptions options)
{
    /// <summary>Entries looked at in one read that finds no match, so that a rare match does not hold a thread.</summary>
    private const int MostEntriesScanned = 4096;

    private const int EntriesAtOnce = 64;

    public ReadOutcome Read(in ReadRequest request, RecordBatch batch)
    {
        batch.Clear();
        ReadStatus refused = Check(request);
        if (refused != ReadStatus.Found)
        {
            return new ReadOutcome(refused, request.Offset, 0, 0, 0, 0);
        }

        // An empty queue has no file: offset 0 waits for its first message, any other is moved to 0.
        if (!store.TryGetQueue(request.Topic, request.QueueId, out ConsumeQueue? queue) || queue.MaxOffset == 0)
        {
            return new ReadOutcome(request.Offset == 0 ? ReadStatus.NoNewMessage : ReadStatus.QueueEmpty, 0, 0, 0, 0, 0);
        }

        long max = queue.MaxOffset;
        CompactedQueue? compacted = Compacted(request.Topic, request.QueueId);
        long min = compacted?.MinOffset ?? queue.MinOffset;
        if (request.Offset < min && compacted is null)
        {
            return TooSmall(request, min, max);
        }

        if (request.Offset >= max)
        {
            return request.Offset == max
                ? new ReadOutcome(ReadStatus.NoNewMessage, max, min, max, 0, 0)
                : new ReadOutcome(ReadStatus.OffsetTooLarge, max, min, max, 0, 0);
        }

        long next = Collect(queue, compacted, request, max, batch);
        if (batch.Count == 0 && compacted is null && next < queue.MinOffset)
        {
            // Retention came in between.
            return TooSmall(request, queue.MinOffset, max);
        }

        ReadStatus status = batch.Count > 0 ? ReadStatus.Found
            : next > request.Offset ? ReadStatus.NoMatchedMessage
            : ReadStatus.NoNewMessage;
        return new ReadOutcome(status, next, min, max, batch.Count, batch.Bytes);
    }

    /// <summary>
    /// Whether the record at a queue offset can be read. A queue's end moves a moment before the dispatched end does:
    /// a reader in between waits, it must not take the record for one that is gone.
    /// </summary>
    public bool IsReadable(string topic, int queueId, long offset)
    {
        Span<QueueEntry> entry = stackalloc QueueEntry[1];
        return store.TryGetQueue(topic, queueId, out ConsumeQueue? queue)
            && queue.MaxOffset > offset
            && (queue.ReadEntries(offset, entry) == 0 || !store.IsAhead(entry[0]));
    }

    /// <summary>RocketMQ's condition for letting a group without progress begin at 0: the message is in 40 % of the memory.</summary>
    public bool IsFirstRecent(string topic, int queueId)
    {
        // What a compacted topic still has is not old: it is what counts now.
        if (Compacted(topic, queueId) is not null)
        {
            return true;
        }

        Span<QueueEntry> first = stackalloc QueueEntry[1];
        return store.TryGetQueue(topic, queueId, out ConsumeQueue? queue)
            && queue.ReadEntries(queue.MinOffset, first) == 1
            && store.Dispatched.Value - first[0].PhysicalOffset <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 4;
    }

    public long EarliestStoreTime(string topic, int queueId)
    {
        var oldest = new CompactedRecord[1];
        if (Compacted(topic, queueId)?.ReadCompacted(0, oldest) == 1)
        {
            return oldest[0].StoreTimestamp;
        }

        return store.TryGetQueue(topic, queueId, out ConsumeQueue? queue) ? StoreTimeAt(queue, queue.MinOffset) : -1;
    }

    public long StoreTimeAt(string topic, int queueId, long offset) =>
        offset >= 0 && store.TryGetQueue(topic, queueId, out ConsumeQueue? queue) ? StoreTimeAt(queue, offset) : -1;

    private long StoreTimeAt(ConsumeQueue queue, long offset)
    {
        Span<QueueEntry> entry = stackalloc QueueEntry[1];
        if (queue.ReadEntries(offset, entry) == 0 || entry[0].IsFiller)
        {
            return -1;
        }

        using RecordLease lease = store.ReadRecord(entry[0].PhysicalOffset, entry[0].Size);
        return !lease.IsEmpty && lease.TryRead(out MessageRecord record) ? record.StoreTimestamp : -1;
    }

    private ReadStatus Check(in ReadRequest request)
    {
        if (topics.Find(request.Topic) is not { } topic)
        {
            return ReadStatus.TopicNotFound;
        }

        if (!topic.IsReadable)
        {
            return ReadStatus.NoPermission;
        }

        return (uint)request.QueueId < (uint)topic.ReadQueues ? ReadStatus.Found : ReadStatus.QueueInvalid;
    }

    private CompactedQueue? Compacted(string topic, int queueId) =>
        store.CompactedTopics.TryGetQueue(topic, queueId, out CompactedQueue? compacted) ? compacted : null;

    private long Collect(ConsumeQueue queue, CompactedQueue? compacted, in ReadRequest request, long max, RecordBatch batch)
    {
        int maxMessages = Math.Clamp(request.MaxMessages, 1, options.MaxPullMessages);
        int maxBytes = Math.Clamp(request.MaxBytes, 1, options.MaxPullBytes);
        long next = request.Offset;
        if (compacted is not null)
        {
            next = CompactedReads.Collect(compacted, next, request.Filter, maxMessages, maxBytes, batch);
            if (next < compacted.FilesEnd || batch.Count == maxMessages)
            {
                return next;
            }

            next = Math.Max(next, queue.MinOffset);
        }

        long scanEnd = Math.Min(max, next + PropertyMatch.MostLookedAt(request.Filter, Math.Max(MostEntriesScanned, maxMessages)));
        Span<QueueEntry> entries = stackalloc QueueEntry[EntriesAtOnce];
        while (next < scanEnd && batch.Count < maxMessages)
        {
            int wanted = (int)Math.Min(scanEnd - next, request.Filter is null ? Math.Min(maxMessages - batch.Count, EntriesAtOnce) : EntriesAtOnce);
            int read = queue.ReadEntries(next, entries[..wanted]);
            if (read == 0)
            {
                break;
            }

            for (int i = 0; i < read && batch.Count < maxMessages;)
            {
                ReadOnlySpan<QueueEntry> run = Run(entries[i..read], request.Filter, maxMessages, maxBytes, batch);
                int taken = run.IsEmpty ? 0 : batch.Add(store, queue, next, run, request.Filter);
                if (taken == 0)
                {
                    if (!Take(queue, entries[i], next, request.Filter, maxBytes, batch))
                    {
                        return next;
                    }

                    taken = 1;
                }

                i += taken;
                next += taken;
            }
        }

        return next;
    }

    /// <summary>The entries at the beginning that match, as many as fit in.</summary>
    private static ReadOnlySpan<QueueEntry> Run(ReadOnlySpan<QueueEntry> entries, IMessageFilter? filter, int maxMessages, int maxBytes, RecordBatch batch)
    {
        int most = Math.Min(entries.Length, maxMessages - batch.Count);
        long bytes = batch.Bytes;
        for (int i = 0; i < most; i++)
        {
            bytes += entries[i].Size;
            if (entries[i].IsFiller || filter?.MatchesHash(entries[i].TagsCode) == false || (bytes > maxBytes && batch.Count + i > 0))
            {
                return entries[..i];
            }
        }

        return entries[..most];
    }

    private static ReadOutcome TooSmall(in ReadRequest request, long min, long max) =>
        new(ReadStatus.OffsetTooSmall, min, min, max, 0, 0) { Missed = min - Math.Max(0, request.Offset) };

    // False when the read ends before this entry: it matches and would be too much, cannot be read yet, or was deleted.
    private bool Take(ConsumeQueue queue, in QueueEntry entry, long queueOffset, IMessageFilter? filter, int maxBytes, RecordBatch batch)
    {
        if (entry.IsFiller || filter?.MatchesHash(entry.TagsCode) == false)
        {
            return true;
        }

        if (batch.Count > 0 && batch.Bytes + (long)entry.Size > maxBytes)
        {
            return false;
        }

        EntryReading reading = store.ReadRecord(queue, queueOffset, entry, batch.Hold, out RecordLease lease);
        if (reading == EntryReading.Found && PropertyMatch.Passes(filter, lease))
        {
            batch.Add(lease, queueOffset);
        }

        // What was deleted meanwhile is a gap to tell of; what is damaged is left out, and the consumer goes on with the next.
        return reading is EntryReading.Found or EntryReading.Damaged;
    }
}
