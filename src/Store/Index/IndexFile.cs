using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// One index file. Mapped while somebody holds it. One writer; readers need no lock: the count is published before the
/// slot that leads to the new entry.
/// </summary>
internal sealed class IndexFile
{
    private readonly IFileSystem _files;
    private readonly Lock _holdLock = new();
    private IMappedFile? _mapped;
    private Memory<byte> _memory;
    private IndexHeader _header;
    private int _holds;
    private int _count;
    private bool _isGone;

    public IndexFile(IFileSystem files, string directory, string name, IndexLayout layout, IndexHeader header)
    {
        _files = files;
        Name = name;
        Path = System.IO.Path.Combine(directory, name);
        Layout = layout;
        Header = header;
        Flushed = header;
    }

    public string Name { get; }

    public string Path { get; }

    public IndexLayout Layout { get; }

    /// <summary>The head as it is; the file has the one of the last flush. Under the lock of the set.</summary>
    public IndexHeader Header
    {
        get => _header;
        set
        {
            _header = value;
            Volatile.Write(ref _count, value.Count);
        }
    }

    /// <summary>The head that is on the disk, with all that it counts.</summary>
    public IndexHeader Flushed { get; set; }

    /// <summary>Bytes whose blocks are reserved, as far as known.</summary>
    public long Reserved { get; set; }

    /// <summary>Whether the writer holds it: it is written, or not flushed yet.</summary>
    public bool IsPinned { get; set; }

    public bool IsFull => _header.Count >= Layout.Entries;

    /// <summary>Index of the next entry, for readers.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Maps the file until <see cref="Release"/>; false when it is deleted.</summary>
    public bool TryHold(out Memory<byte> memory)
    {
        lock (_holdLock)
        {
            memory = default;
            if (_isGone)
                return false;
            if (_mapped is null)
            {
                _mapped = _files.Map(Path, (int)Layout.FileSize);
                _memory = _mapped.Memory;
            }

            _holds++;
            memory = _memory;
            return true;
        }
    }

    public void Release()
    {
        lock (_holdLock)
        {
            if (--_holds > 0)
                return;
            _mapped?.Dispose();
            _mapped = null;
            _memory = default;
        }
    }

    /// <summary>Nobody may hold it any more; who does keeps what he has.</summary>
    public void Close()
    {
        lock (_holdLock)
            _isGone = true;
    }

    /// <summary>Adds an entry. The writer, which holds the file; there is room, and it is reserved.</summary>
    public void Put(int hash, long offset, long storeTimestamp)
    {
        var bytes = _memory.Span;
        var index = _header.Count;
        ref var slot = ref Unsafe.As<byte, int>(ref bytes[Layout.SlotAt(hash)]);
        var previous = BinaryPrimitives.ReverseEndianness(slot);
        if (previous <= 0 || previous >= index)
            previous = 0;
        new IndexEntry(hash, offset, SecondsAt(storeTimestamp), previous).Write(bytes[Layout.EntryAt(index)..]);
        if (_header.IsEmpty)
        {
            _header.BeginOffset = offset;
            _header.BeginTimestamp = storeTimestamp;
        }

        if (previous == 0)
            _header.UsedSlots++;
        _header.Count = index + 1;
        _header.EndOffset = offset;
        _header.EndTimestamp = storeTimestamp;
        Volatile.Write(ref _count, index + 1);
        Volatile.Write(ref slot, BinaryPrimitives.ReverseEndianness(index));
    }

    /// <summary>Makes all that a head counts durable, then the head: the one on the disk never counts what is not there.</summary>
    public void Flush(in IndexHeader header)
    {
        var mapped = _mapped!;
        mapped.Flush(IndexHeader.Size, Layout.EntriesAt - IndexHeader.Size);
        var from = Layout.EntryAt(Math.Min(Flushed.Count, header.Count));
        mapped.Flush(from, Layout.EntryAt(header.Count) - from);
        FlushHeader(header);
    }

    /// <summary>Makes a head durable.</summary>
    public void FlushHeader(in IndexHeader header)
    {
        header.Write(_memory.Span);
        _mapped!.Flush(0, IndexHeader.Size);
        Flushed = header;
    }

    /// <summary>Makes the slots durable.</summary>
    public void FlushSlots() => _mapped!.Flush(IndexHeader.Size, Layout.EntriesAt - IndexHeader.Size);

    private int SecondsAt(long storeTimestamp)
    {
        // The first entry counts from the end of the file before: its begin is only set after it.
        if (_header.BeginTimestamp <= 0)
            return 0;
        return (int)Math.Clamp((storeTimestamp - _header.BeginTimestamp) / 1000, 0, int.MaxValue);
    }
}
