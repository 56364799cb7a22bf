using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>What a part of the commit log is.</summary>
public enum LogPartKind
{
    /// <summary>A message record; its lengths are sound, its CRC is for the caller to look at.</summary>
    Record,

    /// <summary>The filler up to the end of a segment.</summary>
    Filler,

    /// <summary>Bytes that are no record, and behind which sound records follow.</summary>
    Damage,

    /// <summary>A segment that is missing, or the part of it that its file does not have.</summary>
    Missing,

    /// <summary>Bytes that are no record, and behind which nothing sound follows.</summary>
    Torn,

    /// <summary>Nothing was written here up to the end of the segment's file.</summary>
    End,
}

/// <summary>A part of the commit log.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Segment">Where it is; null for a segment that is missing.</param>
/// <param name="Offset">Its physical offset.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Error">Of bytes that are no record: why.</param>
public readonly record struct LogPart(LogPartKind Kind, LogFile? Segment, long Offset, long Length, RecordError Error);

/// <summary>
/// Walks the commit log as it is on the disk, whatever is in it: each byte belongs to one part. Holds one segment open and
/// a buffer of the size of the largest record.
/// </summary>
public sealed class LogWalk : IDisposable
{
    /// <summary>No record is larger: the largest body and what is around it.</summary>
    private const int MaxRecord = (64 << 20) + (1 << 18);

    private const int MostLooks = 50;

    private readonly StoreFiles _store;
    private readonly bool _isWritten;
    private int _index;
    private FileWindow? _window;
    private long _position;

    /// <summary>A walk from the segment on that holds an offset.</summary>
    public LogWalk(StoreFiles store, long from = 0)
    {
        _store = store;
        _isWritten = store.IsLocked();
        while (_index + 1 < store.Segments.Count && store.Segments[_index + 1].BaseOffset <= from)
            _index++;
        _position = store.Segments.Count == 0 ? 0 : store.Segments[_index].BaseOffset;
    }

    /// <summary>Gives the next part; false after the end. The record is valid until the next call.</summary>
    public bool TryNext(out LogPart part, out MessageRecord record)
    {
        record = default;
        part = default;
        while (_index < _store.Segments.Count)
        {
            var segment = _store.Segments[_index];
            if (_window is null && !TryHold(segment))
                continue;
            if (_position < segment.BaseOffset)
            {
                part = new LogPart(LogPartKind.Missing, null, _position, segment.BaseOffset - _position, RecordError.None);
                _position = segment.BaseOffset;
                return true;
            }

            if (_position >= EndOf(segment))
            {
                Leave();
                continue;
            }

            part = Take(segment, out record);
            for (var look = 0; look < MostLooks && _isWritten && IsDoubtful(part, record); look++)
            {
                // A running store is writing it: a moment later it is there.
                Thread.Yield();
                if (!_store.TryOpen(segment, out var file))
                    break;
                _window!.Dispose();
                _window = new FileWindow(file);
                part = Take(segment, out record);
            }

            _position = part.Offset + part.Length;
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _window?.Dispose();

    private static bool IsDoubtful(in LogPart part, in MessageRecord record) =>
        part.Kind == LogPartKind.Damage || (part.Kind == LogPartKind.Record && !record.CrcMatches);

    /// <summary>A file may be longer than the way to the next one.</summary>
    private long EndOf(LogFile segment) =>
        _index + 1 < _store.Segments.Count ? Math.Min(segment.BaseOffset + segment.Length, _store.Segments[_index + 1].BaseOffset) : segment.BaseOffset + segment.Length;

    /// <summary>Opens a segment. One that a running broker deleted meanwhile is no hole: the log begins behind it.</summary>
    private bool TryHold(LogFile segment)
    {
        if (_store.TryOpen(segment, out var file))
        {
            _window = new FileWindow(file);
            return true;
        }

        _position = Math.Max(_position, EndOf(segment));
        _index++;
        return false;
    }

    private void Leave()
    {
        _window?.Dispose();
        _window = null;
        _index++;
    }

    private LogPart Take(LogFile segment, out MessageRecord record)
    {
        record = default;
        var at = _position - segment.BaseOffset;
        var rest = EndOf(segment) - _position;
        var error = ReadRecord(at, rest, out record);
        if (error == RecordError.None)
            return new LogPart(LogPartKind.Record, segment, _position, record.Size, error);
        if (error == RecordError.Blank)
            return new LogPart(LogPartKind.Filler, segment, _position, rest, error);
        record = default;
        return NoRecord(segment, at, rest, error);
    }

    private RecordError ReadRecord(long at, long rest, out MessageRecord record)
    {
        record = default;
        var head = _window!.At(at, (int)Math.Min(48, rest));
        var error = MessageRecord.TryRead(head, out _);
        if (error is not (RecordError.NeedMore or RecordError.None))
            return error;
        if (head.Length < 48)
            return RecordError.NeedMore;
        var size = BinaryPrimitives.ReadInt32BigEndian(head);
        if (size > MaxRecord || size > rest)
            return RecordError.BadLength;
        if (BinaryPrimitives.ReadInt64BigEndian(head[28..]) != _position)
            return RecordError.BadMagic;
        return MessageRecord.TryRead(_window.At(at, size), out record);
    }

    private LogPart NoRecord(LogFile segment, long at, long rest, RecordError error)
    {
        var sound = FindSound(segment, at + 1, at + rest, out var isBlank);
        isBlank &= error == RecordError.EndOfData;
        if (sound >= 0)
            return new LogPart(LogPartKind.Damage, segment, _position, sound - at, error);
        if (LaterSegmentHasRecords())
            return new LogPart(LogPartKind.Damage, segment, _position, rest, error);
        return new LogPart(isBlank ? LogPartKind.End : LogPartKind.Torn, segment, _position, rest, error);
    }

    private bool LaterSegmentHasRecords()
    {
        for (var i = _index + 1; i < _store.Segments.Count; i++)
        {
            if (!_store.TryOpen(_store.Segments[i], out var file))
                continue;
            using var window = new FileWindow(file);
            if (IsSound(window, 0, _store.Segments[i].Length, _store.Segments[i].BaseOffset))
                return true;
        }

        return false;
    }

    /// <summary>Position in the segment of the next sound record; -1 without. Says whether all was zeros on the way.</summary>
    private long FindSound(LogFile segment, long from, long limit, out bool isBlank)
    {
        isBlank = true;
        while (from + MessageRecord.MinimumSize <= limit)
        {
            var bytes = _window!.Rest(from);
            if (bytes.Length < MessageRecord.MinimumSize)
                break;
            isBlank &= !bytes.ContainsAnyExcept((byte)0);
            var found = bytes.IndexOf([(byte)0xDA, (byte)0xA3, (byte)0x20]);
            if (found < 0)
            {
                from += bytes.Length - 2;
                continue;
            }

            var start = from + found - 4;
            if (start >= 0 && IsSound(_window, start, limit, segment.BaseOffset + start))
                return start;
            from += found + 1;
        }

        return -1;
    }

    private static bool IsSound(FileWindow window, long at, long limit, long offset)
    {
        var head = window.At(at, MessageRecord.MinimumSize);
        if (head.Length < MessageRecord.MinimumSize || BinaryPrimitives.ReadInt64BigEndian(head[28..]) != offset)
            return false;
        var size = BinaryPrimitives.ReadInt32BigEndian(head);
        return size is > 0 and <= MaxRecord
            && at + size <= limit
            && MessageRecord.TryRead(window.At(at, size), out var record) == RecordError.None
            && record.CrcMatches;
    }
}
