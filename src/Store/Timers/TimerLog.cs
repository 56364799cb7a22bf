using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// The files <c>timerlog/</c>: a <see cref="TimerUnit"/> for each message of the timer topic, in their order. A position
/// counts the bytes of all files; each file but the last ends in a filler. One writer, any readers; readers of what is
/// deleted meanwhile find nothing.
/// </summary>
internal sealed class TimerLog : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly Lock _flushLock = new();
    private LogSegment[] _segments = [];
    private int _fileSize;
    private long _end;
    private long _flushed;

    public TimerLog(IFileSystem files, string storeDirectory, int fileSize)
    {
        _files = files;
        _directory = Path.Combine(storeDirectory, "timerlog");
        _fileSize = fileSize;
    }

    /// <summary>Bytes of a file.</summary>
    public int FileSize => _fileSize;

    /// <summary>Position of the first unit that is kept.</summary>
    public long Start => Volatile.Read(ref _segments) is [var first, ..] ? first.BaseOffset : End;

    /// <summary>Position after the last unit.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>Units that fit before the filler of a file.</summary>
    private int UnitsOfFile => (_fileSize - TimerUnit.BlankSize) / TimerUnit.EncodedSize;

    /// <summary>
    /// Finds the files: a chain of equal ones, else false. A last file that is not whole is removed: the process died
    /// while it was made.
    /// </summary>
    /// <param name="knownSize">Bytes of a file; 0 when only the files can tell.</param>
    public bool Load(long knownSize)
    {
        var found = new SortedDictionary<long, long>();
        foreach (var entry in _files.List(_directory))
        {
            if (!entry.IsDirectory && LogFileName.TryParse(entry.Name, out var offset))
                found.Add(offset, entry.Length);
        }

        if (found.Count == 0)
            return true;
        var (start, size) = found.First();
        size = knownSize > 0 ? knownSize : size;
        if (size < TimerUnit.EncodedSize + TimerUnit.BlankSize || size > int.MaxValue || start % size != 0)
            return false;
        _fileSize = (int)size;
        var (last, lastLength) = found.Last();
        if (lastLength != size && found.Remove(last))
            _files.DeleteFile(Path.Combine(_directory, LogFileName.Of(last)));
        var next = start;
        foreach (var (offset, length) in found)
        {
            if (offset != next || length != size)
                return false;
            next += size;
        }

        _segments = [.. found.Keys.Select(Segment)];
        _end = start;
        return true;
    }

    /// <summary>Says where the last unit ends: what a checkpoint says, or what <see cref="FindEnd"/> found. False when that is not in the files.</summary>
    public bool TrySetEnd(long end)
    {
        var limit = _segments.Length == 0 ? 0 : _segments[^1].EndOffset;
        if (end < Start || end > limit || (end % _fileSize) % TimerUnit.EncodedSize != 0)
            return false;
        _end = end;
        _flushed = end;
        return true;
    }

    /// <summary>The position after the last unit that can be read, by looking at all.</summary>
    public long FindEnd()
    {
        var end = Start;
        foreach (var segment in _segments)
        {
            var bytes = segment.Memory.Span;
            var at = 0;
            while (at <= bytes.Length - TimerUnit.EncodedSize && TimerUnit.TryRead(bytes[at..], out _))
                at += TimerUnit.EncodedSize;
            end = segment.BaseOffset + at;
            if (at > bytes.Length - TimerUnit.BlankSize || !TimerUnit.IsBlank(bytes[at..]))
                break;
            end = segment.EndOffset;
        }

        return end;
    }

    /// <summary>Removes all files. Before anything is appended only.</summary>
    public void Clear()
    {
        Dispose();
        foreach (var entry in _files.List(_directory))
        {
            if (!entry.IsDirectory)
                _files.DeleteFile(Path.Combine(_directory, entry.Name));
        }

        if (_files.List(Path.GetDirectoryName(_directory)!).Any(entry => entry.Name == "timerlog"))
            _files.SyncDirectory(_directory);
        _end = 0;
        _flushed = 0;
    }

    /// <summary>Cuts the end off. Before anything is appended only: what is behind reads as never written.</summary>
    public void Truncate(long end)
    {
        var keep = new List<LogSegment>();
        foreach (var segment in _segments)
        {
            segment.Release();
            if (segment.BaseOffset >= end && keep.Count > 0)
            {
                _files.DeleteFile(segment.Path);
                continue;
            }

            var fresh = Segment(segment.BaseOffset);
            if (segment.EndOffset > end)
                _files.Reserve(fresh.Path, _fileSize, (int)Math.Max(0, end - segment.BaseOffset));
            keep.Add(fresh);
        }

        if (keep.Count > 0)
            _files.SyncDirectory(_directory);
        _segments = [.. keep];
        _end = end;
        _flushed = Math.Min(_flushed, end);
    }

    /// <summary>Adds a unit; its position. Throws, having done nothing, when there is no room for another file.</summary>
    public long Append(in TimerUnit unit)
    {
        var position = _end;
        var segments = _segments;
        if (segments.Length == 0 || segments[^1].EndOffset <= position || InFile(position) >= UnitsOfFile)
            position = Next(segments, position);
        var active = _segments[^1];
        unit.Write(active.Memory.Span[(int)(position - active.BaseOffset)..]);
        Volatile.Write(ref _end, position + TimerUnit.EncodedSize);
        return position;
    }

    /// <summary>Reads the unit at a position; false where none is (any more).</summary>
    public bool TryRead(long position, out TimerUnit unit)
    {
        unit = default;
        if (position < 0 || position >= End || Find(position) is not { } segment || !segment.TryAcquire())
            return false;
        var found = TimerUnit.TryRead(segment.Memory.Span[(int)(position - segment.BaseOffset)..], out unit);
        segment.Release();
        return found;
    }

    /// <summary>The position after that of a unit, over the filler when there is one.</summary>
    public long After(long position) => FirstFrom(position + TimerUnit.EncodedSize);

    /// <summary>
    /// The first unit at or after a position that was an end once: the file was full then, and the next unit is in the
    /// next file.
    /// </summary>
    public long FirstFrom(long position)
    {
        position = Math.Max(position, Start);
        return InFile(position) >= UnitsOfFile && position < End ? ((position / _fileSize) + 1) * _fileSize : position;
    }

    /// <summary>Marks a unit as settled. Recovery only.</summary>
    public void Settle(long position)
    {
        var segment = Find(position)!;
        segment.Memory.Span[(int)(position - segment.BaseOffset) + TimerUnit.SettledAt + 7] = 1;
        _flushed = Math.Min(_flushed, position);
    }

    /// <summary>Position of the unit of a message, -1 without: units are in the order of their messages.</summary>
    public long FindByPhysicalOffset(long physicalOffset)
    {
        var low = Ordinal(Start);
        var high = Ordinal(End);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (!TryRead(Position(middle), out var unit))
                return -1;
            if (unit.PhysicalOffset == physicalOffset)
                return Position(middle);
            if (unit.PhysicalOffset < physicalOffset)
                low = middle + 1;
            else
                high = middle;
        }

        return -1;
    }

    /// <summary>Position of the unit before another one; -1 when that is the first.</summary>
    public long Before(long position) => Ordinal(position) > Ordinal(Start) ? Position(Ordinal(position) - 1) : -1;

    /// <summary>Makes everything before a position durable.</summary>
    public void Flush(long end)
    {
        lock (_flushLock)
        {
            foreach (var segment in Volatile.Read(ref _segments))
            {
                if (segment.EndOffset <= _flushed || segment.BaseOffset >= end || !segment.TryAcquire())
                    continue;
                try
                {
                    var from = Math.Max(0, _flushed - segment.BaseOffset);
                    var to = Math.Min(_fileSize, end - segment.BaseOffset);
                    if (to > from)
                        segment.Flush((int)from, (int)(to - from));
                }
                finally
                {
                    segment.Release();
                }
            }

            _flushed = Math.Max(_flushed, end);
        }
    }

    /// <summary>Deletes files whose units are all before a position, but never the last file.</summary>
    public void DeleteBefore(long position)
    {
        while (Volatile.Read(ref _segments) is [var first, _, ..] segments && first.EndOffset <= position)
        {
            if (Interlocked.CompareExchange(ref _segments, segments[1..], segments) != segments)
                continue;
            _files.DeleteFile(first.Path);
            first.Release();
        }
    }

    public void Dispose()
    {
        foreach (var segment in Interlocked.Exchange(ref _segments, []))
            segment.Release();
    }

    /// <summary>Begins the next file, and ends the one before in a filler.</summary>
    private long Next(LogSegment[] segments, long position)
    {
        var start = segments.Length == 0 ? 0 : segments[^1].EndOffset;
        if (segments.Length == 0)
            DurableDirectory.Create(_files, _directory);
        var next = Segment(start);
        _files.Reserve(next.Path, _fileSize, 0);
        _files.SyncDirectory(_directory);
        next.Open(forWrites: false);
        if (segments is [.., var last] && position < last.EndOffset)
        {
            var left = (int)(last.EndOffset - position);
            TimerUnit.WriteBlank(last.Memory.Span[^left..], left);
        }

        // Files may be deleted at the front meanwhile.
        while (true)
        {
            var before = Volatile.Read(ref _segments);
            if (Interlocked.CompareExchange(ref _segments, [.. before, next], before) == before)
                return start;
        }
    }

    private LogSegment Segment(long offset) => new(_files, _directory, offset, _fileSize);

    private LogSegment? Find(long position)
    {
        var segments = Volatile.Read(ref _segments);
        if (segments.Length == 0 || position < segments[0].BaseOffset)
            return null;
        var index = (position - segments[0].BaseOffset) / _fileSize;
        return index < segments.Length ? segments[index] : null;
    }

    private int InFile(long position) => (int)(position % _fileSize) / TimerUnit.EncodedSize;

    private long Ordinal(long position) => (position / _fileSize * UnitsOfFile) + Math.Min(InFile(position), UnitsOfFile);

    private long Position(long ordinal) => (ordinal / UnitsOfFile * _fileSize) + (ordinal % UnitsOfFile * TimerUnit.EncodedSize);
}
