using System.Buffers.Binary;
using System.Globalization;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// <c>consumequeue_ext/topic/queue/offset</c>: what queue entries carry beyond their 20 bytes. A queue's files belong to its
/// entries: where they end is found by the last entry, when the first unit is written.
/// </summary>
internal sealed class ExtFiles : IDisposable
{
    private const int MaxOpen = 64;
    private const int EntriesToAsk = 4096;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly int _fileSize;
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, IRandomFile> _open = [];
    private readonly Dictionary<ConsumeQueue, ExtTail> _tails = [];
    private readonly HashSet<ConsumeQueue> _staged = [];
    private HashSet<Key> _dirty = [];
    private HashSet<string> _newDirectories = [];

    private ExtFiles(IFileSystem files, string directory, int fileSize)
    {
        _files = files;
        _directory = directory;
        _fileSize = fileSize;
    }

    /// <summary>The extension of a store that has one, or is to have one; else null.</summary>
    public static ExtFiles? Open(IFileSystem files, StoreOptions options)
    {
        var directory = Path.Combine(options.Directory, "consumequeue_ext");
        var topics = files.List(directory).Where(topic => topic.IsDirectory).Select(topic => Path.Combine(directory, topic.Name)).ToList();
        if (topics.Count == 0 && !options.ConsumeQueueExtension)
            return null;
        var found = topics.SelectMany(topic => files.List(topic).Where(queue => queue.IsDirectory).Select(queue => Path.Combine(topic, queue.Name)))
            .SelectMany(files.List)
            .FirstOrDefault(file => !file.IsDirectory && file.Length is > ExtUnit.MaximumSize and <= int.MaxValue);
        return new ExtFiles(files, directory, found.Length > 0 ? (int)found.Length : options.ConsumeQueueExtensionFileSize);
    }

    /// <summary>
    /// Keeps the unit of an entry that is staged next; gives what the entry carries. When the end of the files cannot be
    /// found that is the tag code: an entry without an extension is an entry too.
    /// </summary>
    public long Stage(ConsumeQueue queue, long tagsCode, long storeTimestamp)
    {
        if (!_tails.TryGetValue(queue, out var tail))
        {
            try
            {
                _tails.Add(queue, tail = new ExtTail(FindEnd(queue), _fileSize));
            }
            catch (IOException)
            {
                return tagsCode;
            }
        }

        _staged.Add(queue);
        return tail.Stage(new ExtUnit(tagsCode, storeTimestamp, default));
    }

    /// <summary>Writes what is staged: before the entries can be read. May be called again after a failure.</summary>
    public void Commit()
    {
        foreach (var queue in _staged)
            _tails[queue].Commit((offset, bytes) => Write(queue, offset, bytes.Span));
        _staged.Clear();
    }

    /// <summary>The tag code of an address; false when its unit is not there.</summary>
    public bool TryRead(ConsumeQueue queue, long address, out long tagsCode)
    {
        Span<byte> bytes = stackalloc byte[ExtUnit.MinimumSize];
        tagsCode = 0;
        if (Read(queue, ExtAddress.ToOffset(address), bytes) < bytes.Length || BinaryPrimitives.ReadInt16BigEndian(bytes) < ExtUnit.MinimumSize)
            return false;
        tagsCode = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        return true;
    }

    /// <summary>Deletes files that end before the unit of an address.</summary>
    public void DeleteBefore(ConsumeQueue queue, long address)
    {
        var offset = ExtAddress.ToOffset(address);
        foreach (var baseOffset in Bases(queue).Where(baseOffset => baseOffset + _fileSize < offset))
            Delete(new Key(queue, baseOffset));
    }

    /// <summary>Makes everything written before the call durable.</summary>
    public void Flush()
    {
        HashSet<Key> dirty;
        HashSet<string> directories;
        lock (_lock)
        {
            (dirty, _dirty) = (_dirty, []);
            (directories, _newDirectories) = (_newDirectories, []);
        }

        try
        {
            lock (_lock)
            {
                foreach (var key in dirty)
                    Hold(key, create: false)?.Flush();
            }

            foreach (var directory in directories)
                _files.SyncDirectory(directory);
        }
        catch (DiskFullException)
        {
            // One could not be opened. The next checkpoint has them before it still.
            lock (_lock)
            {
                _dirty.UnionWith(dirty);
                _newDirectories.UnionWith(directories);
            }

            throw;
        }
    }

    public void Dispose()
    {
        lock (_lock)
            CloseAll();
    }

    private string DirectoryOf(ConsumeQueue queue) =>
        Path.Combine(_directory, queue.Topic, queue.QueueId.ToString(CultureInfo.InvariantCulture));

    private List<long> Bases(ConsumeQueue queue) =>
    [
        .. _files.List(DirectoryOf(queue))
            .Select(file => !file.IsDirectory && LogFileName.TryParse(file.Name, out var baseOffset) ? baseOffset : -1)
            .Where(baseOffset => baseOffset >= 0).Order(),
    ];

    /// <summary>Behind the unit of the last entry, else behind the last unit of the last file. What is there already is cleared.</summary>
    private long FindEnd(ConsumeQueue queue)
    {
        var end = AfterLastEntry(queue);
        if (end < 0)
            end = AfterLastUnit(queue);
        var key = KeyOf(queue, end);
        foreach (var baseOffset in Bases(queue).Where(baseOffset => baseOffset > key.BaseOffset || (baseOffset == end && end > 0)))
            Delete(new Key(queue, baseOffset));
        lock (_lock)
        {
            if (Hold(key, create: false) is not { } file)
                return end;
            file.SetLength(end - key.BaseOffset);
            file.SetLength(_fileSize);
            _dirty.Add(key);
        }

        return end;
    }

    private long AfterLastEntry(ConsumeQueue queue)
    {
        Span<byte> size = stackalloc byte[2];
        for (var offset = queue.MaxOffset - 1; offset >= Math.Max(queue.MinOffset, queue.MaxOffset - EntriesToAsk); offset--)
        {
            if (!queue.TryReadAsIs(offset, out var entry) || !ExtAddress.Is(entry.TagsCode))
                continue;
            var at = ExtAddress.ToOffset(entry.TagsCode);
            var known = Read(queue, at, size) == size.Length ? BinaryPrimitives.ReadInt16BigEndian(size) : 0;
            return at + Math.Max(ExtUnit.MinimumSize, (int)known);
        }

        return -1;
    }

    private long AfterLastUnit(ConsumeQueue queue)
    {
        var at = Bases(queue).DefaultIfEmpty(0).Last();
        var limit = at + _fileSize - ExtUnit.EndBlank;
        Span<byte> size = stackalloc byte[2];
        while (at < limit && Read(queue, at, size) == size.Length && BinaryPrimitives.ReadInt16BigEndian(size) is > 0 and var known)
            at += known;
        return Math.Min(at, limit);
    }

    private int Read(ConsumeQueue queue, long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            var key = KeyOf(queue, offset);
            return offset < 0 || Hold(key, create: false) is not { } file ? 0 : file.Read(destination, offset - key.BaseOffset);
        }
    }

    private void Write(ConsumeQueue queue, long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            var key = KeyOf(queue, offset);
            var file = Hold(key, create: true)!;

            // Apache RocketMQ refuses files that do not have their full size.
            if (file.Length < _fileSize)
                file.SetLength(_fileSize);
            file.Write(bytes, offset - key.BaseOffset);
            _dirty.Add(key);
        }
    }

    private Key KeyOf(ConsumeQueue queue, long offset) => new(queue, offset - (offset % _fileSize));

    private string PathOf(Key key) => Path.Combine(DirectoryOf(key.Queue), LogFileName.Of(key.BaseOffset));

    private IRandomFile? Hold(Key key, bool create)
    {
        if (_open.TryGetValue(key, out var file))
            return file;
        var path = PathOf(key);
        var isNew = !_files.FileExists(path);
        if (isNew && !create)
            return null;
        if (_open.Count >= MaxOpen)
            CloseAll();
        if (isNew)
        {
            var directory = DirectoryOf(key.Queue);
            _files.CreateDirectory(directory);
            _newDirectories.UnionWith([directory, Path.GetDirectoryName(directory)!, _directory, Path.GetDirectoryName(_directory)!]);
        }

        file = _files.Open(path);
        _open.Add(key, file);
        return file;
    }

    private void Delete(Key key)
    {
        lock (_lock)
        {
            if (_open.Remove(key, out var file))
                file.Dispose();
            _dirty.Remove(key);
            _newDirectories.Add(DirectoryOf(key.Queue));
            _files.DeleteFile(PathOf(key));
        }
    }

    private void CloseAll()
    {
        foreach (var file in _open.Values)
            file.Dispose();
        _open.Clear();
    }

    private readonly record struct Key(ConsumeQueue Queue, long BaseOffset);
}
