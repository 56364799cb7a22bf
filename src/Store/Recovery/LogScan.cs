using System.Buffers.Binary;
using System.Numerics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Reads the log from the start point to its end: checks every record, makes the queue entries that are missing, and
/// tells a torn end (never acknowledged: cut) from damage in the middle (acknowledged: stepped over).
/// </summary>
internal sealed class LogScan
{
    private const int CommitEvery = 4096;

    /// <summary>How far behind its end the log is looked at for records that were on the disk.</summary>
    private const int EndWindow = 1 << 20;

    private readonly RecoveryState _state;
    private readonly QueueBuilder _builder;
    private readonly ScanReport _report;
    private int _staged;

    public LogScan(RecoveryState state, ScanReport report)
    {
        _state = state;
        _report = report;
        _builder = new QueueBuilder(state.Queues);
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
        var at = (int)(position - segment.BaseOffset);
        var bytes = segment.Memory.Span[at..];
        var error = MessageRecord.TryRead(bytes, out var record);
        if (error == RecordError.EndOfData && position >= _state.DurableFloor && !IsWrittenTo(bytes))
            return AtEnd(segment, position);
        if (error == RecordError.Blank || IsDamagedFiller(bytes))
            return segment.EndOffset;
        if (error != RecordError.None || record.PhysicalOffset != position)
            return AtDamage(segment, position, 0);
        if (position >= _state.DurableFloor && CutWrite.Explains(record, bytes[record.Size..]) && !TryPutBack(segment, record))
        {
            _state.EndIsTorn = true;
            return position;
        }

        if (!IsSound(record, at))
            return AtDamage(segment, position, record.Size);
        Place(record);
        return position + record.Size;
    }

    /// <summary>Zeros are the end, unless what is behind them was on the disk already.</summary>
    private long AtEnd(LogSegment segment, long position)
    {
        var at = (int)(position - segment.BaseOffset);
        if (_state.FlushedTime < 0)
            return position;
        var near = segment.Memory.Span[..(int)Math.Min(segment.Size, (long)at + EndWindow)];
        var follower = SoundRecords.FindAfter(near, segment.BaseOffset, at);
        return WasFlushed(segment, follower) ? throw Lost(segment, at, follower >= 0 ? follower : segment.Size) : position;
    }

    /// <summary>Whether the sound record that follows, in this segment or at the beginning of the next one, was on the disk before: so was all before it.</summary>
    private bool WasFlushed(LogSegment segment, int follower)
    {
        var at = follower >= 0 ? segment.BaseOffset + follower : segment.EndOffset;
        return _state.FlushedTime >= 0
            && _state.SegmentOf(at) is { } holder
            && MessageRecord.TryRead(holder.Memory.Span[(int)(at - holder.BaseOffset)..], out var record) == RecordError.None
            && record.PhysicalOffset == at
            && record.CrcMatches
            && record.StoreTimestamp <= _state.FlushedTime;
    }

    private static StoreUnusableException Lost(LogSegment segment, int at, int until) => new(
        $"The commit log has lost what was on the disk at offset {segment.BaseOffset + at} (segment {LogFileName.Of(segment.BaseOffset)}, byte {at}): there are zeros up to byte {until}, and sound records behind. "
        + "Restore the segment from a copy; all messages after it are intact.");

    private bool TryPutBack(LogSegment segment, in MessageRecord record)
    {
        if (!CutWrite.TryPutBack(record, segment))
            return false;
        _state.PutBackAt = record.PhysicalOffset;
        return true;
    }

    private bool IsSound(in MessageRecord record, int at)
    {
        if (_state.Options.CheckCrcOnRecovery && record.HasCrc)
            return record.CrcMatches;
        return !LostSectors.AfterBody(record, at) && (!_state.Options.CheckCrcOnRecovery || record.BodyCrcMatches);
    }

    /// <summary>A size of 0 is the end, or what a flipped bit made of a size: then there are bytes behind it.</summary>
    private static bool IsWrittenTo(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 8 && BinaryPrimitives.ReadInt32BigEndian(bytes[4..]) != 0;

    /// <summary>A filler whose magic has changed: its size still says that it goes to the end of the segment.</summary>
    private static bool IsDamagedFiller(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 8
        && BinaryPrimitives.ReadInt32BigEndian(bytes) == bytes.Length
        && BitOperations.PopCount(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) ^ MessageRecord.MagicBlank) <= 2;

    private void Place(in MessageRecord record)
    {
        _state.LastTimestamp = Math.Max(_state.LastTimestamp, record.StoreTimestamp);
        if (record.TakesQueueOffset && !HasPlace(record))
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
        try
        {
            _builder.Commit();
        }
        catch (DiskFullException) when (!_state.Rebuild)
        {
            // What a crash leaves to be made again is little, and memory has room for it.
            _state.Queues.Tails.IsHeld = true;
            _builder.Commit();
        }

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
    /// Bytes that are no sound record. One flipped bit was no crash, and tells all about the record but for its content.
    /// Else: when the size, which is written last, is not there, when nothing sound follows, or a sector in between never reached the disk, the log ends here; when sound
    /// records follow, this one was acknowledged and damaged later, and is stepped over.
    /// </summary>
    /// <param name="segment">Where it is.</param>
    /// <param name="position">Where it begins.</param>
    /// <param name="size">Its bytes when its lengths are intact, else 0.</param>
    private long AtDamage(LogSegment segment, long position, int size)
    {
        var at = (int)(position - segment.BaseOffset);
        var bytes = segment.Memory.Span;
        if (OneBitDamage.TryMend(bytes[at..], position, out var mended, out var changed)
            && !(position >= _state.DurableFloor && LostSectors.Explain(bytes, at, at + mended.Length, at + changed)))
        {
            MessageRecord.TryRead(mended, out var whole);
            return StepOver(position, position + whole.Size, whole, isCertain: true);
        }

        var follower = SoundRecords.FindAfter(bytes, segment.BaseOffset, at);
        var followed = follower >= 0 || SoundRecords.BeginsWithOne(_state, segment.EndOffset);
        var until = follower >= 0 ? follower : segment.Size;
        if (position >= _state.DurableFloor && !(followed && WasFlushed(segment, follower)) && IsTorn(bytes, segment.BaseOffset, at, size, followed, until))
        {
            _state.EndIsTorn = true;
            return position;
        }

        MessageRecord.TryRead(bytes[at..], out var record);
        if (size > 0 && (!followed || follower == at + size || record.HasCrc))
            return StepOver(position, position + size, record, isCertain: !record.HasCrc && !LostSectors.AfterBody(record, at));
        if (!followed)
            return position;
        return size == 0 && LostSectors.Between(bytes, at, until)
            ? throw Lost(segment, at, until)
            : StepOver(position, segment.BaseOffset + until, default, isCertain: false);
    }

    /// <summary>Whether a crash explains damage: the size, which is written last, is not there, or a sector is not.</summary>
    private static bool IsTorn(ReadOnlySpan<byte> segment, long baseOffset, int at, int size, bool followed, int until)
    {
        if (BinaryPrimitives.ReadInt32BigEndian(segment[at..]) == 0)
            return true;
        if (followed)
            return LostSectors.Between(segment, at, until) || LostSectors.AtHead(segment, baseOffset, at, until);
        // The last record: with its CRC at its end, and no sector lost, all of it was on the disk.
        return size == 0 || !RecordCrc.Ends(segment.Slice(at, size)) || LostSectors.Between(segment, at, at + size);
    }

    /// <summary>
    /// Leaves a damaged record out. It keeps its place in its queue when what it says of it is certain, or is what the
    /// queue expects: in a wrong place it would take that of another message. Nothing else is built of it.
    /// </summary>
    private long StepOver(long position, long next, in MessageRecord record, bool isCertain)
    {
        if (record.Size == 0 || record.PhysicalOffset != position)
        {
            _state.DamagedRecords.Add(new DamagedPlace(position, null, -1, -1));
            return next;
        }

        _state.DamagedRecords.Add(new DamagedPlace(position, record.TopicString, record.QueueId, record.QueueOffset));
        if (HasPlace(record) && (isCertain || _builder.Expects(record)) && _builder.Stage(record, out _, out _) == QueuePlacement.Added)
            _state.RebuiltEntries++;
        return next;
    }

    private static bool HasPlace(in MessageRecord record) =>
        record.TakesQueueOffset && record.QueueOffset >= 0 && record.QueueId is >= 0 and <= ushort.MaxValue && !record.Topic.IsEmpty;
}
