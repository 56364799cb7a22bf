using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Reads the log from the start point to its end: checks every record, makes the queue entries that are missing, and
/// tells a torn end (never acknowledged: cut) from damage in the middle (acknowledged: kept, or refused).
/// </summary>
internal sealed class LogScan
{
    private const int CommitEvery = 4096;

    private readonly RecoveryState _state;
    private readonly QueueBuilder _builder;
    private readonly ScanReport _report;
    private int _staged;

    public LogScan(RecoveryState state, ScanReport report)
    {
        _state = state;
        _report = report;
        _builder = new QueueBuilder(state.Queues, state.Options.DelayLevels);
    }

    /// <summary>Scans, and sets the end of the log.</summary>
    public void Run()
    {
        var position = _state.ScanStart;
        _report.Begin();
        while (_state.SegmentOf(position) is { } segment)
        {
            var next = Step(segment, position);
            if (next == position)
                break;
            position = next;
        }

        if (position < _state.DurableFloor)
        {
            throw new StoreUnusableException(
                $"The commit log ends at offset {position}, though the checkpoint knows that it was on the disk up to {_state.DurableFloor}. "
                + "Restore the segment that holds this offset from a copy.");
        }

        RefuseToCutFar(position);
        Commit();
        _report.Tell(position);
        _state.End = position;
    }

    /// <summary>Takes the record at a position; gives the position after it, or the same at the end of the log.</summary>
    private long Step(LogSegment segment, long position)
    {
        var bytes = segment.Memory.Span[(int)(position - segment.BaseOffset)..];
        var error = MessageRecord.TryRead(bytes, out var record);
        if (error == RecordError.EndOfData)
            return position;
        if (error == RecordError.Blank)
            return segment.EndOffset;
        if (error != RecordError.None || record.PhysicalOffset != position || LostSectors.AfterBody(record, (int)(position - segment.BaseOffset)))
            return AtDamage(segment, position, 0);
        if (_state.Options.CheckCrcOnRecovery && !record.CrcMatches)
        {
            var next = AtDamage(segment, position, record.Size);
            if (next == position)
                return position;
        }

        Place(record);
        return position + record.Size;
    }

    private void Place(in MessageRecord record)
    {
        _state.LastTimestamp = Math.Max(_state.LastTimestamp, record.StoreTimestamp);
        if (record.TakesQueueOffset && (record.QueueOffset < 0 || record.QueueId is < 0 or > ushort.MaxValue || record.Topic.IsEmpty))
        {
            _state.MisplacedRecords.Add(record.PhysicalOffset);
            return;
        }

        _state.Projections.Stage(record);
        if (++_staged % CommitEvery == 0 || _state.Projections.WantsCommit)
        {
            Commit();
            _report.Tell(record.PhysicalOffset);
        }

        switch (_builder.Stage(record, out _, out _))
        {
            case QueuePlacement.Added:
                _state.RebuiltEntries++;
                break;
            case QueuePlacement.Impossible:
                _state.MisplacedRecords.Add(record.PhysicalOffset);
                break;
        }
    }

    private void Commit()
    {
        _builder.Commit();
        _state.Projections.Commit();
    }

    /// <summary>
    /// No crash loses more than may be unflushed. Records farther behind were acknowledged, so what ends the log here
    /// happened later.
    /// </summary>
    private void RefuseToCutFar(long position)
    {
        for (var i = _state.Segments.Count - 1; i >= 0 && _state.Segments[i].BaseOffset - position > _state.Options.MaxUnflushedBytes; i--)
        {
            if (!SoundRecords.BeginsWithOne(_state, _state.Segments[i].BaseOffset))
                continue;
            throw new StoreUnusableException(
                $"The commit log has no record at offset {position}, but sound ones at {_state.Segments[i].BaseOffset}, farther behind than a crash can explain. "
                + $"Restore segment {LogFileName.Of(position - (position % _state.SegmentSize))} from a copy; all messages after it are intact.");
        }
    }

    /// <summary>
    /// Bytes that are no sound record. When nothing sound follows, or a sector in between never reached the disk, the log
    /// ends here. When sound records follow, this one was acknowledged and damaged later: with its lengths intact
    /// (<paramref name="size"/> above 0) it is stepped over, without them no repair is certain.
    /// </summary>
    private long AtDamage(LogSegment segment, long position, int size)
    {
        var at = (int)(position - segment.BaseOffset);
        var follower = SoundRecords.FindAfter(segment.Memory.Span, segment.BaseOffset, at);
        var followed = follower >= 0 || SoundRecords.BeginsWithOne(_state, segment.EndOffset);
        var until = follower >= 0 ? follower : segment.Size;
        var span = segment.Memory.Span;
        if (position >= _state.DurableFloor
            && (!followed || LostSectors.Between(span, at, until) || LostSectors.AtHead(span, segment.BaseOffset, at, until)))
        {
            _state.EndIsTorn = true;
            return position;
        }

        if (size > 0 && (follower == at + size || position < _state.DurableFloor))
        {
            _state.DamagedRecords.Add(position);
            return position + size;
        }

        throw new StoreUnusableException(
            $"The record at offset {position} (segment {LogFileName.Of(segment.BaseOffset)}, byte {at}) is damaged and sound ones follow, so no crash tore it. "
            + "Restore the segment from a copy; all messages after it are intact.");
    }
}
