using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// Writes a file of compacted records under a name of its own, makes it durable, and only then gives it its real name:
/// after a crash there is the whole file, or what <see cref="CompactedFiles"/> throws away.
/// </summary>
internal sealed class CompactedFileWriter : IDisposable
{
    /// <summary>End of the name of a file that is being written.</summary>
    public const string Unfinished = ".tmp";

    private const int BufferSize = 256 << 10;

    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly IRandomFile _file;
    private readonly CompactedHeader _header;
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly List<CompactedEntry> _group = new(CompactedLayout.GroupRecords);
    private readonly List<CompactedFence> _fences = [];
    private int _buffered;
    private long _flushed;
    private long _tombstones;
    private long _newestTombstone;

    public CompactedFileWriter(IFileSystem files, string path, in CompactedHeader header)
    {
        _files = files;
        _path = path;
        _header = header;
        files.DeleteFile(path + Unfinished);
        _file = files.Open(path + Unfinished);
        CompactedLayout.Write(_buffer, header);
        _buffered = CompactedLayout.HeaderSize;
    }

    /// <summary>Records written so far.</summary>
    public long Records { get; private set; }

    /// <summary>Bytes of the file so far.</summary>
    public long Length => _flushed + _buffered;

    /// <summary>Adds a record behind the others; its position is set here.</summary>
    public void Add(in CompactedEntry entry, ReadOnlySpan<byte> record)
    {
        _group.Add(entry with { Position = Length });
        Write(record);
        Records++;
        if (entry.IsTombstone)
        {
            _tombstones++;
            _newestTombstone = Math.Max(_newestTombstone, entry.StoreTimestamp);
        }

        if (_group.Count == CompactedLayout.GroupRecords)
            EndGroup();
    }

    /// <summary>Writes the rest, and gives the file its name. Durable on return.</summary>
    public void Finish()
    {
        EndGroup();
        var fencesAt = Length;
        var fences = new byte[(_fences.Count * CompactedLayout.FenceSize) + CompactedLayout.CrcSize];
        for (var i = 0; i < _fences.Count; i++)
            CompactedLayout.Write(fences.AsSpan(i * CompactedLayout.FenceSize), _fences[i]);
        CompactedLayout.Seal(fences);
        Write(fences);
        Span<byte> footer = stackalloc byte[CompactedLayout.FooterSize];
        CompactedLayout.Write(footer, new CompactedFooter(fencesAt, _fences.Count, Records, _tombstones, _newestTombstone));
        Write(footer);
        FlushBuffer();
        _file.Flush();
        _file.Dispose();
        _files.Rename(_path + Unfinished, _path);
        _files.SyncDirectory(Path.GetDirectoryName(_path)!);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Throws away what was written.</summary>
    public void Abandon()
    {
        _file.Dispose();
        _files.DeleteFile(_path + Unfinished);
    }

    private void EndGroup()
    {
        if (_group.Count == 0)
            return;
        _fences.Add(new CompactedFence(_group[0].QueueOffset, Length, _group.Count));
        Span<byte> entries = stackalloc byte[(CompactedLayout.GroupRecords * CompactedLayout.EntrySize) + CompactedLayout.CrcSize];
        entries = entries[..((_group.Count * CompactedLayout.EntrySize) + CompactedLayout.CrcSize)];
        for (var i = 0; i < _group.Count; i++)
            CompactedLayout.Write(entries[(i * CompactedLayout.EntrySize)..], _group[i]);
        CompactedLayout.Seal(entries);
        Write(entries);
        _group.Clear();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BufferSize - _buffered)
            FlushBuffer();
        if (bytes.Length > BufferSize)
        {
            _file.Write(bytes, _flushed);
            _flushed += bytes.Length;
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    private void FlushBuffer()
    {
        _file.Write(_buffer.AsSpan(0, _buffered), _flushed);
        _flushed += _buffered;
        _buffered = 0;
    }
}
