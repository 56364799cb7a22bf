using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// The files of the index, ascending: the last one is written to. One writer, which enters <see cref="Gate"/> for a
/// batch; readers take the gate for a look at the list only.
/// </summary>
internal sealed class IndexFileSet : IDisposable
{
    /// <summary>Entries whose blocks are reserved at a time: a write into a mapping of a full disk would kill the process.</summary>
    private const int ReserveEntries = 1 << 16;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly IndexMappings _mappings;
    private readonly Lock _flushLock = new();
    private readonly List<IndexFile> _list = [];
    private IndexLayout _layout;
    private string? _lastName;
    private bool _isDirectoryDirty;
    private int _fileCount;
    private long _flushedTimestamp;

    public IndexFileSet(IFileSystem files, string directory, int maxMapped, TimeProvider time)
    {
        _files = files;
        _directory = directory;
        _time = time;
        _mappings = new IndexMappings(maxMapped);
    }

    /// <summary>Held while the list or a head changes.</summary>
    public Lock Gate { get; } = new();

    public int Count => Volatile.Read(ref _fileCount);

    /// <summary>Files that are mapped for readers.</summary>
    public int Mapped => _mappings.Count;

    /// <summary>Store time of the last record whose entries are on the disk.</summary>
    public long FlushedTimestamp => Volatile.Read(ref _flushedTimestamp);

    /// <summary>The last file; null without. Under the gate, or while nothing else runs.</summary>
    public IndexFile? Last => _list.Count > 0 ? _list[^1] : null;

    public void Load(IndexFound found)
    {
        _layout = found.Layout;
        _lastName = found.LastName;
        _list.AddRange(found.Kept);
        Changed();
        _flushedTimestamp = Last?.Header.EndTimestamp ?? 0;
    }

    /// <summary>The files and their heads as of now, newest first.</summary>
    public (IndexFile File, IndexHeader Header)[] Snapshot()
    {
        lock (Gate)
            return [.. _list.AsEnumerable().Reverse().Select(file => (file, file.Header))];
    }

    /// <summary>Adds an entry, into a new file when the last one is full. Under the gate.</summary>
    /// <exception cref="DiskFullException">There is no room; the entry is not added.</exception>
    public void Put(int hash, long offset, long storeTimestamp)
    {
        var file = Last is { IsFull: false } last ? last : Create();
        Pin(file);
        if (file.Layout.EntryAt(file.Header.Count + 1) > file.Reserved)
            file.Reserved = Reserve(file, ReserveEntries);
        file.Put(hash, offset, storeTimestamp);
    }

    /// <summary>Makes all entries put before the call durable.</summary>
    public void Flush()
    {
        lock (_flushLock)
        {
            (IndexFile File, IndexHeader Header)[] dirty;
            bool syncDirectory;
            lock (Gate)
            {
                dirty = [.. _list.Where(file => file.IsPinned).Select(file => (file, file.Header))];
                (syncDirectory, _isDirectoryDirty) = (_isDirectoryDirty, false);
            }

            // A file's name before its head: files on the disk are full but for the last one.
            if (syncDirectory)
                SyncDirectories();
            foreach (var (file, header) in dirty)
            {
                var added = header.Count - file.Flushed.Count;
                if (added > 0)
                    file.Flush(header);
                Volatile.Write(ref _flushedTimestamp, header.EndTimestamp);
                if (header.Count >= file.Layout.Entries)
                    Unpin(file);
                else if (added > 0)
                    ReserveAhead(file, header.Count, added);
            }
        }
    }

    /// <summary>
    /// Offsets of the first and the last record that the heads on the disk count, without the files that a trim to an
    /// offset deletes; -1 when they count none.
    /// </summary>
    public (long Begin, long End) FlushedRange(long trimmedTo)
    {
        lock (Gate)
        {
            var first = 0;
            while (first < _list.Count - 1 && _list[first].Header.EndOffset < trimmedTo)
                first++;
            var last = _list.Count - 1;
            while (last >= first && _list[last].Flushed.IsEmpty)
                last--;
            return last < first ? (-1, -1) : (_list[first].Flushed.BeginOffset, _list[last].Flushed.EndOffset);
        }
    }

    /// <summary>Deletes files all of whose records are before an offset; never the last one, as Apache RocketMQ.</summary>
    public void Trim(long minOffset)
    {
        var gone = new List<IndexFile>();
        lock (_flushLock)
        {
            lock (Gate)
            {
                while (gone.Count < _list.Count - 1 && _list[gone.Count].Header.EndOffset < minOffset)
                    gone.Add(_list[gone.Count]);
                _list.RemoveRange(0, gone.Count);
                Changed();
            }

            foreach (var file in gone)
                Delete(file);
        }

        if (gone.Count > 0)
            _files.SyncDirectory(_directory);
    }

    /// <summary>Forgets entries of records from an offset on; whether there were any. While nothing else runs.</summary>
    public bool CutAt(long end)
    {
        var isCut = false;
        while (Last is { } last && (last.Header.IsEmpty || last.Header.EndOffset >= end))
        {
            isCut = true;
            Pin(last);
            last.TryHold(out var memory);
            var count = IndexSlots.CountBefore(memory.Span, last.Layout, last.Header.Count, end);
            if (count > IndexHeader.EmptyCount)
                Shorten(last, memory.Span, count);
            last.Release();
            if (count > IndexHeader.EmptyCount)
                break;
            _list.Remove(last);
            Delete(last);
            _isDirectoryDirty = true;
        }

        Changed();
        return isCut;
    }

    /// <summary>Repairs the slots of the last file, which lead to entries that its head does not count; how many.</summary>
    public int RepairSlots()
    {
        if (Last is not { IsFull: false } last || !last.TryHold(out var memory))
            return 0;
        var (changed, used) = IndexSlots.Repair(memory.Span, last.Layout, last.Header.Count);
        if (changed > 0)
        {
            last.Header = last.Header with { UsedSlots = used };
            last.FlushSlots();
            last.FlushHeader(last.Header);
        }

        last.Release();
        return changed;
    }

    /// <summary>How many entries at the end are of the record at an offset. While nothing else runs.</summary>
    public int CountAtEnd(long offset)
    {
        var found = 0;
        foreach (var (file, header) in Snapshot())
        {
            if (!file.TryHold(out var memory))
                break;
            var index = header.Count - 1;
            for (; index >= 1 && IndexEntry.Read(memory.Span[file.Layout.EntryAt(index)..]).Offset == offset; index--)
                found++;
            file.Release();
            if (index >= 1)
                break;
        }

        return found;
    }

    /// <summary>Removes files by their names.</summary>
    public void Remove(IReadOnlyList<string> names)
    {
        foreach (var name in names)
            _files.DeleteFile(Path.Combine(_directory, name));
        _files.SyncDirectory(_directory);
    }

    /// <summary>A reader used a file that is not written any more.</summary>
    public void Used(IndexFile file)
    {
        if (!file.IsPinned)
            _mappings.Keep(file);
    }

    public void Dispose()
    {
        lock (Gate)
        {
            foreach (var file in _list)
            {
                file.Close();
                Unpin(file);
            }

            _list.Clear();
        }

        _mappings.Dispose();
    }

    private IndexFile Create()
    {
        var previous = Last;
        var name = IndexFileName.Next(_time.GetLocalNow(), _lastName);
        var header = new IndexHeader { Count = IndexHeader.EmptyCount };
        if (previous is not null)
        {
            var end = previous.Header;
            header = header with { BeginTimestamp = end.EndTimestamp, EndTimestamp = end.EndTimestamp, BeginOffset = end.EndOffset, EndOffset = end.EndOffset };
        }

        var file = new IndexFile(_files, _directory, name, _layout, header);
        try
        {
            if (previous is null)
                _files.CreateDirectory(_directory);
            file.Reserved = _layout.EntryAt(Math.Min(ReserveEntries, _layout.Entries));
            _files.Reserve(file.Path, (int)file.Reserved, zeroFrom: 0);
            using (var sized = _files.Open(file.Path))
                sized.SetLength(_layout.FileSize);
        }
        catch (IOException)
        {
            Discard(file);
            throw;
        }

        _lastName = name;
        _isDirectoryDirty = true;
        _list.Add(file);
        Changed();
        return file;
    }

    private void Discard(IndexFile file)
    {
        try
        {
            _files.DeleteFile(file.Path);
        }
        catch (IOException)
        {
            // The next try takes the same name, the next start removes what has no entries.
        }
    }

    private long Reserve(IndexFile file, int entries)
    {
        var end = Math.Min(file.Layout.FileSize, file.Layout.EntryAt(file.Header.Count) + ((long)entries * IndexEntry.EncodedSize));
        _files.Reserve(file.Path, (int)end);
        return end;
    }

    /// <summary>So that the writer finds its blocks reserved until the next flush.</summary>
    private void ReserveAhead(IndexFile file, int count, int added)
    {
        var end = Math.Min(file.Layout.FileSize, file.Layout.EntryAt(count) + (Math.Max(ReserveEntries, 3L * added) * IndexEntry.EncodedSize));
        lock (Gate)
        {
            if (file.Reserved >= end)
                return;
        }

        try
        {
            _files.Reserve(file.Path, (int)end);
            lock (Gate)
                file.Reserved = Math.Max(file.Reserved, end);
        }
        catch (DiskFullException)
        {
            // The writer meets it when it gets there.
        }
    }

    private static void Shorten(IndexFile file, Span<byte> memory, int count)
    {
        var last = IndexEntry.Read(memory[file.Layout.EntryAt(count - 1)..]);
        var header = file.Header with
        {
            Count = count,
            EndOffset = last.Offset,
            EndTimestamp = count == 2 ? file.Header.BeginTimestamp : file.Header.BeginTimestamp + (last.Seconds * 1000L),
            UsedSlots = Math.Min(file.Header.UsedSlots, count - 1),
        };

        // First the head, then the slots: the next start mends slots that lead behind it, should this one die here.
        file.FlushHeader(header);
        var (_, used) = IndexSlots.Repair(memory, file.Layout, count);
        file.FlushSlots();
        file.FlushHeader(header with { UsedSlots = used });
        file.Header = file.Flushed;
    }

    private void Delete(IndexFile file)
    {
        _mappings.Drop(file);
        Unpin(file);
        _files.DeleteFile(file.Path);
    }

    private void SyncDirectories()
    {
        _files.SyncDirectory(_directory);
        _files.SyncDirectory(Path.GetDirectoryName(_directory)!);
    }

    private static void Pin(IndexFile file)
    {
        if (!file.IsPinned)
            file.IsPinned = file.TryHold(out _);
    }

    private static void Unpin(IndexFile file)
    {
        if (!file.IsPinned)
            return;
        file.IsPinned = false;
        file.Release();
    }

    private void Changed() => Volatile.Write(ref _fileCount, _list.Count);
}
