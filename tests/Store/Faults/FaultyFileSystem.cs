using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// A file system in memory with a page cache and a disk behind it. What was not flushed is on the disk by chance: a crash
/// keeps or loses each page that is dirty, and each directory entry that was not synced, by the seed. It can be told to
/// fill up, to fail flushes, and to flip bits.
/// </summary>
internal sealed class FaultyFileSystem : IFileSystem
{
    internal const int PageSize = 4096;

    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly Dictionary<string, FaultyFile> _cached = [];
    private readonly HashSet<string> _directories = [];
    private Dictionary<string, FaultyFile> _onDisk = [];
    private int _generation;

    public FaultyFileSystem(int seed) => _random = new Random(seed);

    /// <summary>Bytes that the disk has room for.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Flushes of mapped files go wrong: a part of the pages may still reach the disk.</summary>
    public bool FailFlush { get; set; }

    /// <summary>Flushes of mapped files wait for this.</summary>
    public ManualResetEventSlim? HoldFlush { get; set; }

    /// <summary>A flush is waiting at <see cref="HoldFlush"/>.</summary>
    public ManualResetEventSlim FlushIsHeld { get; } = new(false);

    /// <summary>Flushes of mapped files so far.</summary>
    public int Flushes { get; private set; }

    internal Lock Gate => _lock;

    internal int Generation => _generation;

    /// <summary>
    /// The process dies, and the machine with it when <paramref name="powerLoss"/>. Everything that holds files of before
    /// gets an <see cref="IOException"/> from now on.
    /// </summary>
    public void Crash(bool powerLoss)
    {
        lock (_lock)
        {
            _generation++;
            if (!powerLoss)
            {
                foreach (var file in _cached.Values)
                    file.Detach();
                return;
            }

            // Directory entries first: what was made or deleted and not synced may be there or not.
            foreach (var path in _cached.Keys.Except(_onDisk.Keys).ToList())
            {
                if (_random.Next(2) == 0)
                    _cached.Remove(path);
            }

            foreach (var (path, file) in _onDisk)
            {
                if (!_cached.ContainsKey(path) && _random.Next(2) == 0)
                    _cached.Add(path, file);
                else if (_cached.TryGetValue(path, out var renamed) && renamed != file && _random.Next(2) == 0)
                    _cached[path] = file;
            }

            foreach (var file in _cached.Values.Distinct())
                file.LosePages(_random);
            _onDisk = new Dictionary<string, FaultyFile>(_cached);
        }
    }

    /// <summary>Flips one bit of a file.</summary>
    public void FlipBit(string path, long position, int bit)
    {
        lock (_lock)
            _cached[path].Flip(position, bit);
    }

    /// <summary>Names of all files.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_lock)
                return [.. _cached.Keys];
        }
    }

    /// <summary>Bytes of a file as a reader sees them.</summary>
    public byte[] Content(string path)
    {
        lock (_lock)
            return _cached[path].Content();
    }

    /// <summary>Puts a file there, durably.</summary>
    public void Put(string path, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            var file = new FaultyFile(this);
            file.Resize(content.Length);
            file.Write(content, 0);
            file.FlushAll();
            _cached[path] = file;
            _onDisk[path] = file;
            for (var parent = Path.GetDirectoryName(path); !string.IsNullOrEmpty(parent); parent = Path.GetDirectoryName(parent))
                _directories.Add(parent);
        }
    }

    public bool FileExists(string path)
    {
        lock (_lock)
            return _cached.ContainsKey(path);
    }

    public IReadOnlyList<FileEntry> List(string directory)
    {
        lock (_lock)
        {
            var prefix = directory + Path.DirectorySeparatorChar;
            var entries = new List<FileEntry>();
            foreach (var (path, file) in _cached)
            {
                if (path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOf(Path.DirectorySeparatorChar, prefix.Length) < 0)
                    entries.Add(new FileEntry(path[prefix.Length..], file.Length, false));
            }

            foreach (var path in _directories)
            {
                if (path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOf(Path.DirectorySeparatorChar, prefix.Length) < 0)
                    entries.Add(new FileEntry(path[prefix.Length..], 0, true));
            }

            return entries;
        }
    }

    public void CreateDirectory(string directory)
    {
        lock (_lock)
        {
            for (var path = directory; !string.IsNullOrEmpty(path); path = Path.GetDirectoryName(path))
                _directories.Add(path);
        }
    }

    public void DeleteFile(string path)
    {
        lock (_lock)
            _cached.Remove(path);
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            _cached[to] = _cached[from];
            _cached.Remove(from);
        }
    }

    public void SyncDirectory(string directory)
    {
        lock (_lock)
        {
            foreach (var path in _onDisk.Keys.Where(path => Path.GetDirectoryName(path) == directory).ToList())
                _onDisk.Remove(path);
            foreach (var (path, file) in _cached.Where(pair => Path.GetDirectoryName(pair.Key) == directory))
                _onDisk[path] = file;
        }
    }

    public void Reserve(string path, int size, long zeroFrom = -1)
    {
        lock (_lock)
        {
            var file = Get(path);
            if (zeroFrom >= 0 && file.Length > zeroFrom)
                file.Resize(zeroFrom);
            NeedRoom(path, size - file.Length);
            if (file.Length < size)
                file.Resize(size);
            file.FlushAll();
        }
    }

    public IMappedFile Map(string path, int size)
    {
        lock (_lock)
            return new FaultyMappedFile(this, Get(path), size);
    }

    public IRandomFile Open(string path)
    {
        lock (_lock)
            return new FaultyRandomFile(this, path, Get(path));
    }

    public DiskRoom Room(string directory)
    {
        lock (_lock)
        {
            var used = _cached.Values.Distinct().Sum(file => file.Length);
            return new DiskRoom(used, Math.Max(0, Capacity - used));
        }
    }

    public IDisposable Lock(string path)
    {
        lock (_lock)
            return new FaultyRandomFile(this, path, Get(path));
    }

    internal void NeedRoom(string path, long more)
    {
        if (more > 0 && _cached.Values.Distinct().Sum(file => file.Length) + more > Capacity)
            throw new DiskFullException(path);
    }

    internal void CheckAlive(int generation)
    {
        if (generation != _generation)
            throw new IOException("The machine is gone.");
    }

    internal void FlushMapped(FaultyFile file, int offset, int length, int generation)
    {
        var hold = HoldFlush;
        if (hold is not null)
        {
            FlushIsHeld.Set();
            hold.Wait();
        }

        lock (_lock)
        {
            CheckAlive(generation);
            Flushes++;
            if (FailFlush)
            {
                file.LoseDirtyMarks(_random);
                throw new IOException("Input/output error (injected).");
            }

            file.Flush(offset, length);
        }
    }

    private FaultyFile Get(string path)
    {
        if (!_cached.TryGetValue(path, out var file))
            _cached.Add(path, file = new FaultyFile(this));
        return file;
    }
}
