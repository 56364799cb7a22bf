using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>Looks for the record of a queue offset whose entry does not lead to it: it lies between those of its neighbours.</summary>
internal sealed class QueueRecordSearch
{
    /// <summary>Neighbours that are tried on each side: they may be fillers, or damaged too.</summary>
    private const int MostNeighbours = 8;

    /// <summary>Bytes of the log that one search goes through. What lies farther away is found by the scrub, which mends the entry.</summary>
    private const long MostBytes = 16 << 20;

    private readonly CommitLog _log;

    public QueueRecordSearch(CommitLog log) => _log = log;

    /// <summary>The record, checked; empty when it is not between its neighbours, or too far away.</summary>
    public RecordLease Find(ConsumeQueue queue, long queueOffset, long dispatched)
    {
        var from = From(queue, queueOffset, dispatched);
        var to = Math.Min(To(queue, queueOffset, dispatched), from + MostBytes);
        while (from < to && _log.Find(from) is { } segment && segment.TryAcquire())
        {
            var end = Math.Min(to, segment.EndOffset);
            while (from < end)
            {
                var memory = segment.Memory[(int)(from - segment.BaseOffset)..];
                var error = MessageRecord.TryRead(memory.Span, out var record);
                if (error == RecordError.Blank)
                    from = segment.EndOffset;
                else if (error != RecordError.None || record.PhysicalOffset != from)
                    from = CheckedReads.After(segment, from, end);
                else if (CheckedReads.IsOf(record, queue, queueOffset) && record.TakesQueueOffset && record.CrcMatches)
                    return new RecordLease(segment, memory[..record.Size]);
                else
                    from += record.Size;
            }

            segment.Release();
        }

        return default;
    }

    private long From(ConsumeQueue queue, long queueOffset, long dispatched)
    {
        for (var i = 1; i <= MostNeighbours && queueOffset - i >= queue.MinOffset; i++)
        {
            if (TryRead(queue, queueOffset - i, dispatched, out var entry))
                return entry.PhysicalOffset + entry.Size;
        }

        return _log.MinOffset;
    }

    private long To(ConsumeQueue queue, long queueOffset, long dispatched)
    {
        for (var i = 1; i <= MostNeighbours && queueOffset + i < queue.MaxOffset; i++)
        {
            if (TryRead(queue, queueOffset + i, dispatched, out var entry))
                return entry.PhysicalOffset;
        }

        return dispatched;
    }

    private bool TryRead(ConsumeQueue queue, long queueOffset, long dispatched, out QueueEntry entry)
    {
        if (!queue.TryReadEntry(queueOffset, out entry) || entry.IsFiller)
            return false;
        using var lease = _log.Read(entry.PhysicalOffset, entry.Size, dispatched);
        return lease.TryRead(out var record) && CheckedReads.IsOf(record, queue, queueOffset);
    }
}
