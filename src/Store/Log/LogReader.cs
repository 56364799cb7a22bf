using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Integrity;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Walks the commit log in its order, up to the dispatched offset: what tails without a queue of their own read.
/// One thread at a time. Holds the segment it stands in until it moves on or is disposed.
/// </summary>
public sealed class LogReader : IDisposable
{
    private readonly CommitLog _log;
    private readonly CheckedReads _reads;
    private readonly Func<long> _limit;
    private LogSegment? _segment;

    internal LogReader(CommitLog log, CheckedReads reads, Func<long> limit, long position)
    {
        _log = log;
        _reads = reads;
        _limit = limit;
        Position = position;
    }

    /// <summary>Physical offset of the next record.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// Reads the next record; false when there is none yet. The view is valid until the next call.
    /// A position that is before the log moves on to the first record there is. What is damaged is stepped over.
    /// </summary>
    public bool TryReadNext(out MessageRecord record)
    {
        record = default;
        var limit = _limit();
        while (true)
        {
            Position = Math.Max(Position, _log.MinOffset);
            if (Position >= limit)
                return false;
            if (!TryHold(Position))
            {
                // The log's head may have been deleted in between: then there is a later place to go on at.
                if (Position < _log.MinOffset)
                    continue;
                return false;
            }

            var error = MessageRecord.TryRead(_segment!.Memory.Span[(int)(Position - _segment.BaseOffset)..], out record);
            if (error == RecordError.None && record.PhysicalOffset == Position && (!_reads.CheckCrc || record.CrcMatches))
            {
                Position += record.Size;
                return true;
            }

            Position = error == RecordError.Blank ? _segment.EndOffset : StepOver(error, record, limit);
        }
    }

    /// <summary>Goes to another record: the physical offset of any record.</summary>
    public void Seek(long position) => Position = position;

    /// <inheritdoc/>
    public void Dispose()
    {
        _segment?.Release();
        _segment = null;
    }

    private long StepOver(RecordError error, in MessageRecord record, long limit)
    {
        if (error == RecordError.None)
            _reads.Reports.Record(DamageFinder.Tail, Position, record);
        else
            _reads.Reports.Record(DamageFinder.Tail, Position);
        return CheckedReads.After(_segment!, Position, limit, record.Size);
    }

    private bool TryHold(long position)
    {
        if (_segment is not null && position >= _segment.BaseOffset && position < _segment.EndOffset)
            return true;
        Dispose();
        if (_log.Find(position) is not { } segment || !segment.TryAcquire())
            return false;
        _segment = segment;
        return true;
    }
}
