using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// A file system in memory with a page cache and a disk behind it. What was not flushed is on the disk by chance: a power
/// cut keeps or loses each dirty page, whole or by sectors, and each directory entry that was not synced, by the seed.
/// It can be told to fill up and to have room again, to fail any kind of call, to hold flushes, to confirm flushes that
/// it does not carry out, and to flip bits. What a flush, or the kernel by itself, could not write counts as clean and may be
/// forgotten; each handle is told of that once. A write into a mapping where the file has no blocks is found out.
/// </summary>
internal sealed class FaultyFileSystem : IFileSystem
{
    internal const int PageSize = 4096;

    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly FaultyEntries _entries = new();
    private readonly FaultPlan _plan = new();
    private readonly HashSet<string> _locks = [];
    private readonly ToldErrors _errors = new();
    private int _generation;

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

    /// <summary>Bytes of the largest read so far.</summary>
    public int LargestRead { get; internal set; }

    /// <summary>Flushes of mapped files and of the commit log so far.</summary>
    public int Flushes { get; private set; }

    internal Lock Gate => _lock;

    internal int Generation => _generation;

    /// <summary>Names of all files.</summary>
    public IReadOnlyList<string> Paths => Locked<IReadOnlyList<string>>(() => [.. _entries.Files.Keys]);

    /// <summary>Bytes of all files that take room.</summary>
    public long Used => Locked(() => _entries.Files.Values.Sum(file => file.Allocated));

    /// <summary>Something goes wrong, or will.</summary>
    public bool HasFaults => Locked(() => _plan.HasFailures || FailFlush || FlushesLie || OwesErrors);

    /// <summary>The disk refused something, and who flushes it next is told.</summary>
    public bool OwesErrors => Locked(() => _errors.AreUntold || _entries.Files.Values.Any(file => file.Errors.AreUntold));

    /// <summary>The disk has no room, or some calls find none.</summary>
    public bool IsShort => Locked(() => Capacity != long.MaxValue || _plan.HasLacks);

    /// <summary>The kernel forgot what the disk had refused, since the machine was started.</summary>
    public bool HasForgotten { get; private set; }

    /// <summary>The machine stands still: nothing changes on its disk until <see cref="Crash"/>.</summary>
    public bool IsStopped => Locked(() => _plan.IsStopped);

    /// <summary>The machine does so many more things to its disk and nothing after that.</summary>
    public void StopAfter(int calls)
    {
        lock (_lock)
            _plan.StopAfter(calls);
    }

    /// <summary>Has calls go wrong from now on.</summary>
    public Fault Add(Fault fault)
    {
        lock (_lock)
            _plan.Add(fault);
        return fault;
    }

    /// <summary>There is room for everything.</summary>
    public void MakeRoom()
    {
        lock (_lock)
        {
            Capacity = long.MaxValue;
            _plan.EndLacks();
        }
    }

    /// <summary>Everything goes well again, but for a machine that stands still.</summary>
    public void ClearFaults()
    {
        lock (_lock)
        {
            _plan.Clear();
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
            _plan.GoOn();
            _locks.Clear();
            var random = seed is null ? _random : new Random(seed.Value);
            foreach (var (path, file) in _entries.Files)
            {
                if (file.HasPagesWithoutBlocks)
                    throw new InvalidOperationException($"'{path}' was written to through a mapping where it has no blocks: on a full disk a process dies of SIGBUS.");
            }

            if (powerLoss)
            {
                _entries.LoseChanges(random);
                _errors.Forget();
                HasForgotten = false;
            }

            foreach (var file in InOrder())
            {
                if (powerLoss)
                    file.LosePages(random);
                else
                    HasForgotten |= file.Detach(random);
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

    /// <summary>The kernel writes some dirty pages back, and the disk refuses them: whoever flushes next is told.</summary>
    public void FailWriteBack(int seed, string path = "")
    {
        lock (_lock)
        {
            var random = new Random(seed);
            foreach (var file in InOrder(path))
            {
                if (file.FailWriteBack(random))
                    _errors.Add();
            }
        }
    }

    /// <summary>Somebody else flushes the file system, and is told of the errors so far.</summary>
    public void FlushedBySomebodyElse()
    {
        var since = _errors.Sample();
        _errors.Tell(ref since);
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
            return _entries.List(directory);
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

    public IWholeDisk OpenDisk(string directory)
    {
        lock (_lock)
        {
            Strike(FileCall.Open, directory);
            var told = _errors.Sample();
            _errors.Tell(ref told);
            return new FaultyDisk(this, directory, told);
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
            var told = file.Errors.Sample();
            FlushFile(path, file, 0, size, ref told);
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
            return _locks.Add(path) ? new FaultyLock(this, path) : throw new IOException("Another process holds the lock.");
        }
    }

    /// <summary>Throws when a fault says so; else the effect that the caller has to bring about, if any.</summary>
    internal FaultEffect? Strike(FileCall call, string path) => _plan.Strike(call, path);

    internal void Unlock(string path, int generation)
    {
        lock (_lock)
        {
            if (generation == _generation)
                _locks.Remove(path);
        }
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

    internal void FlushLog(string path, FaultyFile file, int offset, int length, int generation, ref long told)
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
                Refuse(file, offset, length, ref told);
                throw new IOException("Input/output error (injected).");
            }

            FlushFile(path, file, offset, length, ref told);
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

    /// <summary>Flushes by a handle that was told of the errors until <paramref name="told"/>.</summary>
    internal void FlushFile(string path, FaultyFile file, int offset, int length, ref long told)
    {
        try
        {
            if (Strike(FileCall.Flush, path) != FaultEffect.Lie && !FlushesLie)
                file.Flush(offset, length, Torn);
        }
        catch (IOException)
        {
            Refuse(file, offset, length, ref told);
            throw;
        }

        if (file.Errors.Tell(ref told))
            throw new IOException($"Input/output error (an earlier one, of {path}).");
    }

    internal void FlushAll(string directory, int generation, ref long told)
    {
        lock (_lock)
        {
            CheckAlive(generation);
            try
            {
                if (Strike(FileCall.Flush, directory) == FaultEffect.Lie || FlushesLie)
                    return;
            }
            catch (IOException)
            {
                foreach (var file in InOrder())
                    file.FailFlush(0, (int)file.Length, _random);
                _errors.Add();
                _errors.Tell(ref told);
                throw;
            }

            foreach (var file in _entries.Files.Values)
                file.FlushAll();
            _entries.SyncAll();
            if (_errors.Tell(ref told))
                throw new IOException("Input/output error (an earlier one).");
        }
    }

    private void Refuse(FaultyFile file, int offset, int length, ref long told)
    {
        if (file.FailFlush(offset, length, _random))
            _errors.Add();
        file.Errors.Tell(ref told);
    }

    private T Locked<T>(Func<T> get)
    {
        lock (_lock)
            return get();
    }

    private void NeedRoom(string path)
    {
        if (Capacity != long.MaxValue && Used + PageSize > Capacity)
            throw new DiskFullException(path);
    }

    private IEnumerable<FaultyFile> InOrder(string text = "") =>
        _entries.Files.Where(pair => pair.Key.Contains(text, StringComparison.Ordinal)).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value).Distinct();

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
}
