using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    /// <summary>What is looked at together: small records by their number, large ones by their bytes.</summary>
    private const int MostAtOnce = 8;
    private const int BytesAtOnce = 2048;

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
    /// The records of entries that follow one another in a queue, as far as they are in one segment and nothing is wrong with
    /// them: how many. What comes after those is for <see cref="Read(ConsumeQueue, long, in QueueEntry, out RecordLease, SegmentHold?)"/>,
    /// which knows what to do with it.
    /// </summary>
    public unsafe int Read(ConsumeQueue queue, long queueOffset, ReadOnlySpan<QueueEntry> entries, SegmentHold hold, Span<RecordPlace> places)
    {
        entries = entries[..Math.Min(entries.Length, places.Length)];
        if (entries.IsEmpty || hold.Hold(_log, entries[0].PhysicalOffset) is not { } segment)
            return 0;
        var start = segment.See(_dispatched(), out var length);
        var ahead = new RecordsAhead(segment, start, entries);
        for (var done = 0; done < entries.Length;)
        {
            var few = entries.Slice(done, Few(entries[done..]));
            var found = Find(new ReadOnlySpan<byte>(start, length), segment.BaseOffset, queue, queueOffset + done, few, places[done..]);
            for (var i = 0; i < found; i++)
            {
                ahead.Advance(few[i].Size);
                if (CheckCrc && !RecordCrc.Matches(places[done + i].Span))
                    return done + i;
            }

            done += found;
            if (found < few.Length)
                return done;
        }

        return entries.Length;
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

    /// <summary>Entries whose records are looked at together: as many as stay close to the processor meanwhile.</summary>
    private static int Few(ReadOnlySpan<QueueEntry> entries)
    {
        var count = 1;
        for (long bytes = entries[0].Size; bytes < BytesAtOnce && count < Math.Min(entries.Length, MostAtOnce); count++)
            bytes += entries[count].Size;
        return count;
    }

    /// <summary>
    /// The records as they are, whatever their CRCs: a loop of its own, so that the processor meets several CRCs together in
    /// the other.
    /// </summary>
    private static unsafe int Find(ReadOnlySpan<byte> log, long from, ConsumeQueue queue, long queueOffset, ReadOnlySpan<QueueEntry> entries, Span<RecordPlace> places)
    {
        var start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(log));
        var topic = queue.TopicBytes;
        for (var i = 0; i < entries.Length; i++)
        {
            var offset = entries[i].PhysicalOffset;
            var size = entries[i].Size;
            var at = offset - from;
            if (at < 0 || size <= 0 || at > log.Length - size || !MessageRecord.IsAt(new(start + at, size), offset, topic, queue.QueueId, queueOffset + i))
                return i;
            places[i] = new RecordPlace(start + at, size);
        }

        return entries.Length;
    }

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
