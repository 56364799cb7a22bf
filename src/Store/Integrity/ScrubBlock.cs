using System.Buffers;
using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>
/// Reads a block of the log through a file handle of its own and lets its pages go, so that the scrub does not push what is
/// in use out of the page cache. Checks the records in it, and their queue entries.
/// </summary>
internal sealed class ScrubBlock : IDisposable
{
    /// <summary>A record that is larger is looked at where it is mapped.</summary>
    private const int MostCopied = 8 << 20;

    private readonly CommitLog _log;
    private readonly QueueEntryCheck _entries;
    private readonly DamageReports _reports;
    private readonly IFileSystem _files;
    private LogSegment? _segment;
    private IRandomFile? _file;
    private byte[]? _buffer;

    public ScrubBlock(CommitLog log, QueueEntryCheck entries, DamageReports reports, IFileSystem files)
    {
        _log = log;
        _entries = entries;
        _reports = reports;
        _files = files;
    }

    /// <summary>Checks what begins at a position, the offset of a record; where to go on. Below <paramref name="end"/>, also a record's.</summary>
    public long Check(long position, long end, int size)
    {
        if (!TryHold(position))
            return Math.Max(position + 1, _log.MinOffset);
        var segment = _segment!;
        var limit = Math.Min(end, segment.EndOffset);
        var block = Read(position, (int)Math.Min(size, limit - position));
        var at = 0;
        while (at < block.Length)
        {
            var error = MessageRecord.TryRead(block[at..], out var record);
            if (error == RecordError.NeedMore && position + block.Length < limit)
            {
                if (at > 0)
                    break;
                if (NeededSize(block, limit - position) is var needed and > 0 && needed > block.Length)
                {
                    // A flipped bit can make a size large: that is no reason to take as much memory.
                    block = needed <= MostCopied ? Read(position, needed) : segment.Memory.Span.Slice((int)(position - segment.BaseOffset), needed);
                    continue;
                }
            }

            if (error == RecordError.Blank)
                return segment.EndOffset;
            if (error == RecordError.None && record.PhysicalOffset == position + at && record.CrcMatches)
            {
                _entries.Check(record);
                at += record.Size;
                continue;
            }

            if (error == RecordError.None)
                _reports.Record(DamageFinder.Scrub, position + at, record);
            else
                _reports.Record(DamageFinder.Scrub, position + at);
            return CheckedReads.After(segment, position + at, limit, record.Size);
        }

        return position + at;
    }

    /// <summary>Lets the buffer and the segment go.</summary>
    public void Release()
    {
        _file?.Dispose();
        _file = null;
        _segment?.Release();
        _segment = null;
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    public void Dispose() => Release();

    /// <summary>Bytes of a record that is larger than the block; 0 when its size cannot be.</summary>
    private static int NeededSize(ReadOnlySpan<byte> block, long left)
    {
        var size = block.Length < 4 ? MessageRecord.MinimumSize : BinaryPrimitives.ReadInt32BigEndian(block);
        return size > 0 ? (int)Math.Min(Math.Max(size, 8), left) : 0;
    }

    private ReadOnlySpan<byte> Read(long position, int size)
    {
        if (_buffer is null || _buffer.Length < size)
        {
            if (_buffer is not null)
                ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(size);
        }

        var at = position - _segment!.BaseOffset;
        var read = _file!.Read(_buffer.AsSpan(0, size), at);
        _file.Forget(at, read);
        return read == size ? _buffer.AsSpan(0, read) : throw new IOException($"'{_segment.Path}' ends at byte {at + read}.");
    }

    private bool TryHold(long position)
    {
        if (_segment is not null && position >= _segment.BaseOffset && position < _segment.EndOffset)
            return true;
        _file?.Dispose();
        _file = null;
        _segment?.Release();
        _segment = null;
        if (_log.Find(position) is not { } segment || !segment.TryAcquire())
            return false;
        _segment = segment;
        _file = _files.OpenRead(segment.Path);
        return true;
    }
}
