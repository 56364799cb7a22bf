using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// A file system in memory with a page cache and a disk behind it. What was not flushed is on the disk by chance: a power
/// cut keeps or loses each dirty page, whole or by sectors, and each directory entry that was not synced, by the seed.
/// It can be told to fill up and to have room again, to fail any kind of call, to hold flushes, to confirm flushes that
/// it does not carry out, and to flip bits.
/// </summary>
internal sealed class FaultyFileSystem : IFileSystem
{
    internal const int PageSize = 4096;

    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly FaultyEntries _entries = new();
    private readonly List<Fault> _faults = [];
    private readonly HashSet<string> _locks = [];
    private int _generation;
    private int? _callsLeft;

    public FaultyFileSystem(int seed) => _random = new Random(seed);

    /// <summary>Bytes that the disk has room for.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Flushes of mapped files and of the commit log go wrong: a part of the pages may still reach the disk.</summary>
    public bool FailFlush { get; set; }

    /// <summary>Bytes that a write writes before it fails; null for any.</summary>
    public int? WrittenBeforeFailure { get; set; }

    /// <summary>Flushes report success and do nothing: a disk with a cache that it does not own up to.</summary>
    public bool FlushesLie { get; set; }

    /// <summary>Flushes of mapped files and of the commit log wait for this.</summary>
    public ManualResetEventSlim? HoldFlush { get; set; }

    /// <summary>A flush is waiting at <see cref="HoldFlush"/>.</summary>
    public ManualResetEventSlim FlushIsHeld { get; } = new(false);

    /// <summary>A flush of a mapped file that writes a page while it changes.</summary>
    public TornFlush? Torn { get; set; }

    /// <summary>Flushes of mapped files and of the commit log so far.</summary>
    public int Flushes { get; private set; }

    internal Lock Gate => _lock;

    internal int Generation => _generation;

    /// <summary>Names of all files.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_lock)
                return [.. _entries.Files.Keys];
        }
    }

    /// <summary>Bytes of all files that take room.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
                return _entries.Files.Values.Sum(file => file.Allocated);
        }
    }

    /// <summary>Something goes wrong, or will.</summary>
    public bool HasFaults
    {
        get
        {
            lock (_lock)
                return _faults.Count > 0 || FailFlush || FlushesLie || _callsLeft is not null;
        }
    }

    /// <summary>The machine stands still: nothing changes on its disk until <see cref="Crash"/>.</summary>
    public bool IsStopped
    {
        get
        {
            lock (_lock)
                return _callsLeft == 0;
        }
    }

    /// <summary>The machine does so many more things to its disk and nothing after that.</summary>
    public void StopAfter(int calls)
    {
        lock (_lock)
            _callsLeft = calls;
    }

    /// <summary>Has calls go wrong from now on.</summary>
    public Fault Add(Fault fault)
    {
        lock (_lock)
            _faults.Add(fault);
        return fault;
    }

    /// <summary>Everything goes well again, but for a machine that stands still.</summary>
    public void ClearFaults()
    {
        lock (_lock)
        {
            _faults.Clear();
            FailFlush = false;
            FlushesLie = false;
        }
    }

    /// <summary>
    /// The process dies, and the machine with it when <paramref name="powerLoss"/>. Everything that holds files of before
    /// gets an <see cref="IOException"/> from now on. What chance decides is decided by the seed, when one is given.
    /// </summary>
    public void Crash(bool powerLoss, int? seed = null)
    {
        lock (_lock)
        {
            _generation++;
            _callsLeft = null;
            _locks.Clear();
            var random = seed is null ? _random : new Random(seed.Value);
            if (powerLoss)
                _entries.LoseChanges(random);
            foreach (var file in InOrder())
            {
                if (powerLoss)
                    file.LosePages(random);
                else
                    file.Detach();
            }
        }
    }

    /// <summary>The kernel writes some dirty pages to the disk, in no order.</summary>
    public void WriteBack(int seed)
    {
        lock (_lock)
        {
            var random = new Random(seed);
            foreach (var file in InOrder())
                file.WriteBack(random);
        }
    }

    /// <summary>Flips one bit of a file.</summary>
    public void FlipBit(string path, long position, int bit)
    {
        lock (_lock)
            _entries.Files[path].Flip(position, bit);
    }

    /// <summary>Bytes of a file as a reader sees them.</summary>
    public byte[] Content(string path)
    {
        lock (_lock)
            return _entries.Files[path].Content();
    }

    /// <summary>Puts a file there, durably.</summary>
    public void Put(string path, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            var file = new FaultyFile();
            file.Resize(content.Length);
            file.Write(content, 0);
            file.FlushAll();
            _entries.MakeDirectory(Path.GetDirectoryName(path)!);
            _entries.Create(path, file);
            _entries.SyncAll();
        }
    }

    /// <summary>Called after each look whether a file exists, with its path.</summary>
    public Action<string>? Looked { get; set; }

    public bool FileExists(string path)
    {
        bool exists;
        lock (_lock)
            exists = _entries.Files.ContainsKey(path);
        Looked?.Invoke(path);
        return exists;
    }

    public IReadOnlyList<FileEntry> List(string directory)
    {
        lock (_lock)
        {
            Strike(FileCall.List, directory);
            var prefix = directory.EndsWith('/') ? directory : directory + '/';
            var entries = new List<FileEntry>();
            foreach (var (path, file) in _entries.Files)
            {
                if (path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOf('/', prefix.Length) < 0)
                    entries.Add(new FileEntry(path[prefix.Length..], file.Length, false));
            }

            foreach (var path in _entries.Directories)
            {
                if (path.Length > prefix.Length && path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOf('/', prefix.Length) < 0)
                    entries.Add(new FileEntry(path[prefix.Length..], 0, true));
            }

            return entries;
        }
    }

    public void CreateDirectory(string directory)
    {
        lock (_lock)
        {
            if (_entries.HasDirectory(directory))
                return;
            Strike(FileCall.CreateDirectory, directory);
            NeedRoom(directory);
            _entries.MakeDirectory(directory);
        }
    }

    public void DeleteFile(string path)
    {
        lock (_lock)
        {
            Strike(FileCall.Delete, path);
            _entries.Delete(path);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Strike(FileCall.Rename, to);
            if (!_entries.Files.ContainsKey(from))
                throw new FileNotFoundException("There is no such file.", from);
            _entries.Rename(from, to);
        }
    }

    public void SyncDirectory(string directory)
    {
        lock (_lock)
        {
            if (!_entries.HasDirectory(directory))
                throw new DirectoryNotFoundException($"There is no directory '{directory}'.");
            if (Strike(FileCall.SyncDirectory, directory) != FaultEffect.Lie && !FlushesLie)
                _entries.Sync(directory);
        }
    }

    public bool TrySyncAll(string directory)
    {
        lock (_lock)
        {
            if (Strike(FileCall.Flush, directory) == FaultEffect.Lie || FlushesLie)
                return true;
            foreach (var file in _entries.Files.Values)
                file.FlushAll();
            _entries.SyncAll();
            return true;
        }
    }

    public void Reserve(string path, int size, long zeroFrom = -1)
    {
        lock (_lock)
        {
            Strike(FileCall.Reserve, path);
            var file = Get(path);
            if (zeroFrom >= 0 && file.Length > zeroFrom)
                file.Resize(zeroFrom);
            if (RoomFor(file, 0, size) < size)
            {
                file.Resize(Math.Max(file.Length, size));
                throw new DiskFullException(path);
            }

            file.Allocate(0, size);
            if (file.Length < size)
                file.Resize(size);
            FlushFile(path, file, 0, size);
        }
    }

    public IMappedFile Map(string path, int size)
    {
        lock (_lock)
        {
            Strike(FileCall.Map, path);
            if (!_entries.Files.TryGetValue(path, out var file))
                throw new FileNotFoundException("There is no such file.", path);
            return new FaultyMappedFile(this, path, file, size);
        }
    }

    public IRandomFile Open(string path)
    {
        lock (_lock)
        {
            Strike(FileCall.Open, path);
            return new FaultyRandomFile(this, path, Get(path));
        }
    }

    public IRandomFile OpenRead(string path)
    {
        lock (_lock)
        {
            Strike(FileCall.Open, path);
            return _entries.Files.TryGetValue(path, out var file) ? new FaultyRandomFile(this, path, file) : throw new FileNotFoundException("There is no such file.", path);
        }
    }

    public DiskRoom Room(string directory)
    {
        var used = Used;
        return new DiskRoom(used, Math.Max(0, Capacity - used));
    }

    public bool IsLocked(string path)
    {
        lock (_lock)
            return _locks.Contains(path);
    }

    public IDisposable Lock(string path)
    {
        lock (_lock)
        {
            Get(path);
            return _locks.Add(path) ? new HeldLock(this, path) : throw new IOException("Another process holds the lock.");
        }
    }

    /// <summary>Throws when a fault says so; else the effect that the caller has to bring about, if any.</summary>
    internal FaultEffect? Strike(FileCall call, string path)
    {
        if (_callsLeft is { } left && call is not (FileCall.List or FileCall.Open or FileCall.Map or FileCall.Read))
        {
            if (left == 0)
                throw new IOException("The machine stands still.");
            _callsLeft = left - 1;
        }

        foreach (var fault in _faults)
        {
            if (!fault.Strikes(call, path))
                continue;
            return fault.Effect switch
            {
                FaultEffect.InputOutputError => throw new IOException($"Input/output error (injected: {call} of {path})."),
                FaultEffect.DiskFull => throw new DiskFullException(path),
                _ => fault.Effect,
            };
        }

        return null;
    }

    internal int Chance(int below) => _random.Next(below);

    /// <summary>Bytes of a write at an offset that there is room for.</summary>
    internal int RoomFor(FaultyFile file, long offset, int length)
    {
        if (Capacity == long.MaxValue)
            return length;
        var free = Math.Max(0, Capacity - Used);
        while (length > 0 && file.NeededFor(offset, length) > free)
            length -= length % PageSize == 0 ? PageSize : length % PageSize;
        return length;
    }

    internal void CheckAlive(int generation)
    {
        if (generation != _generation)
            throw new IOException("The machine is gone.");
    }

    internal void FlushLog(string path, FaultyFile file, int offset, int length, int generation)
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
                file.FailFlush(offset, length, _random);
                throw new IOException("Input/output error (injected).");
            }

            FlushFile(path, file, offset, length);
        }
    }

    internal void Touch(FaultyFile file, int offset, int length, int generation)
    {
        lock (_lock)
        {
            CheckAlive(generation);
            file.Touch(offset, length);
        }
    }

    internal void FlushFile(string path, FaultyFile file, int offset, int length)
    {
        try
        {
            if (Strike(FileCall.Flush, path) != FaultEffect.Lie && !FlushesLie)
                file.Flush(offset, length, Torn);
        }
        catch (IOException)
        {
            file.FailFlush(offset, length, _random);
            throw;
        }
    }

    private void NeedRoom(string path)
    {
        if (Capacity != long.MaxValue && Used + PageSize > Capacity)
            throw new DiskFullException(path);
    }

    private IEnumerable<FaultyFile> InOrder() =>
        _entries.Files.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value).Distinct();

    private FaultyFile Get(string path)
    {
        if (_entries.Files.TryGetValue(path, out var file))
            return file;
        if (!_entries.HasDirectory(Path.GetDirectoryName(path)!))
            throw new DirectoryNotFoundException($"There is no directory for '{path}'.");
        NeedRoom(path);
        file = new FaultyFile();
        _entries.Create(path, file);
        return file;
    }

    private sealed class HeldLock(FaultyFileSystem owner, string path) : IDisposable
    {
        private readonly int _generation = owner._generation;

        public void Dispose()
        {
            lock (owner._lock)
            {
                if (_generation == owner._generation)
                    owner._locks.Remove(path);
            }
        }
    }
}
