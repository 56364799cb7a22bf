using System.Globalization;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// The files of all consume queues: <c>consumequeue/topic/queue/offset</c>, each of one fixed size. Holds a limited
/// number of them open, the least recently used one goes first, and knows which were written since the last flush.
/// </summary>
internal sealed class QueueFiles : IDisposable
{
    private readonly IFileSystem _files;
    private readonly int _maxOpen;
    private readonly int _syncAllAbove;
    private readonly IWholeDisk? _disk;
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, OpenFile> _open = [];
    private readonly LinkedList<OpenFile> _byUse = new();
    private HashSet<Key> _dirty = [];
    private HashSet<string> _newDirectories = [];
    private bool _closedDirty;

    public QueueFiles(IFileSystem files, string directory, int fileEntries, int maxOpen, int syncAllAbove)
    {
        _syncAllAbove = syncAllAbove;
        _files = files;
        _maxOpen = maxOpen;
        Directory = directory;
        FileEntries = fileEntries;
        _disk = syncAllAbove > 0 ? files.OpenDisk(directory) : null;
        Windows = new EntryWindows(this);
    }

    /// <summary><c>consumequeue/</c>.</summary>
    public string Directory { get; }

    /// <summary>Entries of a file.</summary>
    public int FileEntries { get; }

    /// <summary>
    /// The last run was killed: files and directories that it made may not be synced. Those that are written to are, until
    /// recovery has flushed all that it wrote.
    /// </summary>
    public bool MayBeUnsynced { get; set; }

    /// <summary>What was read ahead of entries.</summary>
    public EntryWindows Windows { get; }

    /// <summary>What entries carry beyond their 20 bytes; null in a store without that.</summary>
    public ExtFiles? Extension { get; init; }

    /// <summary>Bytes of a file.</summary>
    public long FileSize => (long)FileEntries * QueueEntry.EncodedSize;

    /// <summary>Directory of a queue.</summary>
    public string DirectoryOf(ConsumeQueue queue) =>
        Path.Combine(Directory, queue.Topic, queue.QueueId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads bytes of entries from an offset on, within one file; the bytes that were there.</summary>
    public int Read(ConsumeQueue queue, long offset, Span<byte> destination)
    {
        var at = offset % FileEntries;
        var size = (int)Math.Min(destination.Length, (FileEntries - at) * QueueEntry.EncodedSize);
        if (Rent(new Key(queue, offset - at), create: false) is not { } file)
            return 0;
        try
        {
            return file.File.Read(destination[..size], at * QueueEntry.EncodedSize);
        }
        finally
        {
            Return(file);
        }
    }

    /// <summary>Writes bytes of entries from an offset on, over as many files as it takes.</summary>
    public void Write(ConsumeQueue queue, long offset, ReadOnlySpan<byte> entries)
    {
        while (!entries.IsEmpty)
        {
            var at = offset % FileEntries;
            var size = (int)Math.Min(entries.Length, (FileEntries - at) * QueueEntry.EncodedSize);
            var file = Rent(new Key(queue, offset - at), create: true)!;
            try
            {
                file.File.Write(entries[..size], at * QueueEntry.EncodedSize);
            }
            finally
            {
                Return(file);
            }

            // After the write: a flush that ran before it must not count for it.
            lock (_lock)
            {
                _dirty.Add(file.Key);
                if (MayBeUnsynced)
                    SyncLater(queue);
            }

            offset += size / QueueEntry.EncodedSize;
            entries = entries[size..];
        }
    }

    /// <summary>Writes an entry again that is in a file already; false when the file is gone.</summary>
    public bool Overwrite(ConsumeQueue queue, long offset, in QueueEntry entry)
    {
        var at = offset % FileEntries;
        if (Rent(new Key(queue, offset - at), create: false) is not { } file)
            return false;
        Span<byte> bytes = stackalloc byte[QueueEntry.EncodedSize];
        entry.Write(bytes);
        try
        {
            file.File.Write(bytes, at * QueueEntry.EncodedSize);
        }
        finally
        {
            Return(file);
        }

        Windows.Forget(queue);
        lock (_lock)
            _dirty.Add(file.Key);
        return true;
    }

    /// <summary>Makes the rest of a queue's file from an offset on read as zeros.</summary>
    public void Clear(ConsumeQueue queue, long offset)
    {
        var at = offset % FileEntries;
        if (Rent(new Key(queue, offset - at), create: false) is not { } file)
            return;
        try
        {
            file.File.SetLength(at * QueueEntry.EncodedSize);
            file.File.SetLength(FileSize);
        }
        finally
        {
            Return(file);
        }

        Windows.Forget(queue);
        lock (_lock)
            _dirty.Add(file.Key);
    }

    /// <summary>Cuts or extends a file that exists to the length that all have; base is the offset of its first entry.</summary>
    public void GiveLength(ConsumeQueue queue, long baseOffset)
    {
        if (Rent(new Key(queue, baseOffset), create: false) is not { } file)
            return;
        try
        {
            file.File.SetLength(FileSize);
        }
        finally
        {
            Return(file);
        }

        Windows.Forget(queue);
        lock (_lock)
            _dirty.Add(file.Key);
    }

    /// <summary>Deletes a file that has nothing left; base is the offset of its first entry.</summary>
    public void Delete(ConsumeQueue queue, long baseOffset)
    {
        var key = new Key(queue, baseOffset);
        lock (_lock)
        {
            if (_open.TryGetValue(key, out var file))
                Close(file);
            _dirty.Remove(key);
            _newDirectories.Add(DirectoryOf(queue));
            _files.DeleteFile(PathOf(key));
        }

        Windows.Forget(queue);
    }

    /// <summary>
    /// Deletes the files of a queue that have nothing at or after an offset, the oldest first, each for good before the
    /// next one: a hole would lose what follows it. The last file stays whatever it has: it knows the queue's next offset.
    /// </summary>
    public int DeleteBefore(ConsumeQueue queue, long offset)
    {
        var directory = DirectoryOf(queue);
        var bases = new List<long>();
        foreach (var file in _files.List(directory))
        {
            if (!file.IsDirectory && LogFileName.TryParse(file.Name, out var at))
                bases.Add(at / QueueEntry.EncodedSize);
        }

        bases.Sort();
        var deleted = 0;

        // Before they are gone: a start that misses the first file must know that it was to go.
        if (bases.FindLast(at => at <= bases[^1] && at <= offset) is > 0 and var begin)
            queue.FirstFile = Math.Max(queue.FirstFile, begin);
        while (deleted < bases.Count - 1 && bases[deleted] + FileEntries <= offset)
        {
            Delete(queue, bases[deleted++]);
            _files.SyncDirectory(directory);
        }

        Span<byte> first = stackalloc byte[QueueEntry.EncodedSize];
        if (deleted > 0 && Extension is { } extension && Read(queue, offset, first) == first.Length && ExtAddress.Is(QueueEntry.Read(first).TagsCode))
            extension.DeleteBefore(queue, QueueEntry.Read(first).TagsCode);
        return deleted;
    }

    /// <summary>Makes everything written before the call durable, with the directories it is in.</summary>
    public void Flush()
    {
        Extension?.Flush();
        HashSet<Key> dirty;
        HashSet<string> directories;
        bool all;
        bool closed;
        lock (_lock)
        {
            (dirty, _dirty) = (_dirty, []);
            (directories, _newDirectories) = (_newDirectories, []);
            closed = _closedDirty;
            all = _disk is not null && (closed || dirty.Count + directories.Count > _syncAllAbove);
            _closedDirty = false;
        }

        try
        {
            if (!all || !TryFlushDisk(mayBeOthers: !closed))
                Flush(dirty, directories);
        }
        catch (DiskFullException)
        {
            // A file could not be opened. The next checkpoint has these before it still.
            lock (_lock)
            {
                _dirty.UnionWith(dirty);
                _newDirectories.UnionWith(directories);
                _closedDirty |= closed;
            }

            throw;
        }
    }

    public void Dispose()
    {
        Extension?.Dispose();
        lock (_lock)
        {
            while (_byUse.First is { } node)
                Close(node.Value);
        }

        _disk?.Dispose();
    }

    /// <summary>
    /// The error may be of somebody else's file. Files that were open all the time know of theirs, each by itself: then they
    /// are asked.
    /// </summary>
    private bool TryFlushDisk(bool mayBeOthers)
    {
        try
        {
            _disk!.Flush();
            return true;
        }
        catch (IOException) when (mayBeOthers)
        {
            return false;
        }
    }

    private void Flush(HashSet<Key> dirty, HashSet<string> directories)
    {
        foreach (var key in dirty)
        {
            if (Rent(key, create: false) is not { } file)
                continue;
            try
            {
                file.File.Flush();
            }
            finally
            {
                Return(file);
            }
        }

        foreach (var directory in directories)
            _files.SyncDirectory(directory);
    }

    private OpenFile? Rent(Key key, bool create)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(key, out var file))
            {
                var path = PathOf(key);
                if ((_files.TryOpen(path) ?? (create ? Create(key, path) : null)) is not { } found)
                    return null;
                file = new OpenFile(key, found);
                _open.Add(key, file);
                _byUse.AddLast(file.Node);
                if (_open.Count > _maxOpen)
                    Close(_byUse.First!.Value);
            }
            else if (_byUse.Last != file.Node)
            {
                _byUse.Remove(file.Node);
                _byUse.AddLast(file.Node);
            }

            if (create && !file.IsWhole)
                MakeWhole(file);
            file.Users++;
            return file;
        }
    }

    private void Return(OpenFile file)
    {
        lock (_lock)
        {
            if (--file.Users == 0 && file.IsClosed)
                file.File.Dispose();
        }
    }

    private IRandomFile Create(Key key, string path)
    {
        _files.CreateDirectory(DirectoryOf(key.Queue));
        return _files.Open(path);
    }

    /// <summary>A file that is new, or was when the disk had no room for more than its name, gets its length.</summary>
    private void MakeWhole(OpenFile file)
    {
        var queue = file.Key.Queue;
        if (file.File.Length < FileSize)
        {
            // Apache RocketMQ refuses queue files that do not have their full size.
            file.File.SetLength(FileSize);
            SyncLater(queue);
        }

        if (queue.FirstFile < 0)
            queue.FirstFile = file.Key.BaseOffset;
        file.IsWhole = true;
    }

    /// <summary>Has the next flush sync the directories of a queue.</summary>
    private void SyncLater(ConsumeQueue queue)
    {
        var directory = DirectoryOf(queue);
        _newDirectories.Add(directory);
        _newDirectories.Add(Path.GetDirectoryName(directory)!);
        _newDirectories.Add(Directory);
    }

    private void Close(OpenFile file)
    {
        _open.Remove(file.Key);
        _byUse.Remove(file.Node);
        file.IsClosed = true;

        // Of a file that nobody has open the kernel may forget that the disk refused some of it; not of the disk as a whole.
        _closedDirty |= _dirty.Contains(file.Key);
        if (file.Users == 0)
            file.File.Dispose();
    }

    private string PathOf(Key key) =>
        Path.Combine(DirectoryOf(key.Queue), LogFileName.Of(key.BaseOffset * QueueEntry.EncodedSize));

    private readonly record struct Key(ConsumeQueue Queue, long BaseOffset);

    private sealed class OpenFile
    {
        public OpenFile(Key key, IRandomFile file)
        {
            Key = key;
            File = file;
            Node = new LinkedListNode<OpenFile>(this);
        }

        public Key Key { get; }

        public IRandomFile File { get; }

        public LinkedListNode<OpenFile> Node { get; }

        public int Users { get; set; }

        public bool IsClosed { get; set; }

        /// <summary>It is known to have its length, and its name is or will be synced.</summary>
        public bool IsWhole { get; set; }
    }
}
