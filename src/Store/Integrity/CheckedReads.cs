using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>
/// Reads of records for those who pass them on: a record is given when it has its CRC, and when it is the one that the
/// queue entry means. An entry that leads elsewhere costs no message: the log is searched between its neighbours.
/// </summary>
internal sealed class CheckedReads
{
    private readonly CommitLog _log;
    private readonly DamageReports _reports;
    private readonly QueueRecordSearch _search;
    private readonly Func<long> _dispatched;

    public CheckedReads(CommitLog log, DamageReports reports, bool checkCrc, Func<long> dispatched)
    {
        _log = log;
        _reports = reports;
        _dispatched = dispatched;
        CheckCrc = checkCrc;
        _search = new QueueRecordSearch(log);
    }

    /// <summary>Whether CRCs are checked.</summary>
    public bool CheckCrc { get; }

    /// <summary>Damage goes here.</summary>
    public DamageReports Reports => _reports;

    /// <summary>The record at an offset; its size is checked when given (not -1). Empty when there is none like that, or it is damaged.</summary>
    public RecordLease Read(long offset, int size)
    {
        var lease = _log.Read(offset, size, _dispatched(), out var record);
        if (lease.IsEmpty || !CheckCrc || record.CrcMatches)
            return lease;
        _reports.Record(DamageFinder.Read, offset, record);
        lease.Dispose();
        return default;
    }

    /// <summary>The record of a queue entry; with a hold, its lease is valid as long as that is.</summary>
    public EntryReading Read(ConsumeQueue queue, long queueOffset, in QueueEntry entry, out RecordLease lease, SegmentHold? hold = null)
    {
        lease = default;
        if (entry.IsFiller)
            return EntryReading.Gone;
        var dispatched = _dispatched();
        if (hold?.Holding(entry.PhysicalOffset) is { } segment
            && entry.PhysicalOffset <= dispatched - entry.Size
            && segment.TrySee(entry.PhysicalOffset, entry.Size, out var bytes)
            && MessageRecord.IsAt(bytes, entry.PhysicalOffset, queue.TopicBytes, queue.QueueId, queueOffset)
            && (!CheckCrc || RecordCrc.Matches(bytes)))
        {
            lease = segment.Lease(entry.PhysicalOffset, entry.Size);
            return EntryReading.Found;
        }

        if (IsAhead(entry, dispatched))
            return EntryReading.NotYet;
        lease = _log.Read(entry.PhysicalOffset, entry.Size, dispatched, out var record, hold);
        if (!lease.IsEmpty)
        {
            if (IsOf(record, queue, queueOffset) && (!CheckCrc || record.CrcMatches))
                return EntryReading.Found;
            lease.Dispose();
            lease = default;
        }

        return Search(queue, queueOffset, entry, dispatched, out lease);
    }

    /// <summary>
    /// The record of a queue entry, dispatched or not, for those who build something of the log; its content is looked at
    /// with <paramref name="checkContent"/> alone.
    /// </summary>
    public RecordLease ReadWritten(ConsumeQueue queue, long queueOffset, in QueueEntry entry, bool checkContent)
    {
        if (entry.IsFiller)
            return default;
        var lease = _log.Read(entry.PhysicalOffset, entry.Size, long.MaxValue, out var record);
        if (!lease.IsEmpty && IsOf(record, queue, queueOffset) && (!checkContent || !CheckCrc || record.CrcMatches))
            return lease;
        lease.Dispose();
        Search(queue, queueOffset, entry, _log.Written, out lease);
        return lease;
    }

    /// <summary>Whether an entry leads to the record that it means.</summary>
    public bool IsTrue(ConsumeQueue queue, long queueOffset, in QueueEntry entry)
    {
        using var lease = _log.Read(entry.PhysicalOffset, entry.Size, long.MaxValue, out var record);
        return !lease.IsEmpty && IsOf(record, queue, queueOffset);
    }

    /// <summary>Whether an entry's record is written and not dispatched. One that points behind what is written is not: it is damaged.</summary>
    public bool IsAhead(in QueueEntry entry) => IsAhead(entry, _dispatched());

    /// <summary>
    /// Where a reader of the log goes on behind damage: what follows, where the lengths are intact (<paramref name="size"/>
    /// above 0), the next sound record, else the end of what it may read or of the segment.
    /// </summary>
    public static long After(LogSegment segment, long position, long limit, int size = 0)
    {
        var end = Math.Min(limit, segment.EndOffset);
        var next = position + size;
        if (size > 0 && (next == end || (next < end && IsRecord(segment, next))))
            return next;
        var follower = Recovery.SoundRecords.FindAfter(
            segment.Memory.Span[..(int)(end - segment.BaseOffset)], segment.BaseOffset, (int)(position - segment.BaseOffset));
        return follower < 0 ? end : segment.BaseOffset + follower;
    }

    private static bool IsRecord(LogSegment segment, long position) => MessageRecord.TryRead(segment.Memory.Span[(int)(position - segment.BaseOffset)..], out var record) switch
    {
        RecordError.None => record.PhysicalOffset == position,
        RecordError.Blank => true,
        _ => false,
    };

    private bool IsAhead(in QueueEntry entry, long dispatched)
    {
        if (entry.IsFiller || entry.PhysicalOffset < 0 || entry.Size <= 0)
            return false;
        var written = _log.Written;
        return entry.PhysicalOffset > dispatched - entry.Size && entry.PhysicalOffset <= written - entry.Size;
    }

    private EntryReading Search(ConsumeQueue queue, long queueOffset, in QueueEntry entry, long dispatched, out RecordLease lease)
    {
        lease = default;
        if (queueOffset < queue.MinOffset)
            return EntryReading.Gone;
        if (_reports.IsKnown(entry.PhysicalOffset))
            return EntryReading.Damaged;
        lease = _search.Find(queue, queueOffset, dispatched);
        if (!lease.IsEmpty)
        {
            _reports.Entry(DamageFinder.Read, queue, queueOffset, entry.PhysicalOffset);
            return EntryReading.Found;
        }

        if (entry.PhysicalOffset >= 0 && entry.PhysicalOffset < _log.MinOffset && !IsAfterOneThatIsThere(queue, queueOffset))
            return EntryReading.Gone;
        _reports.Record(DamageFinder.Read, entry.PhysicalOffset, queue, queueOffset);
        return EntryReading.Damaged;
    }

    /// <summary>Deletion goes from the head on: an entry behind one whose record is there points before the log by damage.</summary>
    private bool IsAfterOneThatIsThere(ConsumeQueue queue, long queueOffset) =>
        queueOffset > queue.MinOffset
        && queue.TryReadEntry(queueOffset - 1, out var before)
        && before.IsPlausible
        && before.PhysicalOffset >= _log.MinOffset;

    internal static bool IsOf(in MessageRecord record, ConsumeQueue queue, long queueOffset) =>
        record.QueueOffset == queueOffset && record.QueueId == queue.QueueId && record.Topic.SequenceEqual(queue.TopicUtf8.Span);
}
