using System.Globalization;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// The blocks of all light queues: mapped files <c>lightqueues/blocks/N</c> of one size. A block that is let go serves
/// again after the next flush: until then the heads on the disk may still lead to it. Which blocks are free is not
/// written down; a start finds out from the blocks themselves when there are many.
/// </summary>
internal sealed class LightQueueArena : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly long _maxBlocks;
    private int _blocksPerFile;
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private List<int> _released = [];
    private IMappedFile[] _mapped = [];
    private Memory<byte>[] _memory = [];
    private int[] _touched = [];
    private bool _isRecovering = true;
    private bool _wasRefused;
    private int _taken = 1;

    public LightQueueArena(IFileSystem files, string directory, int fileSize, long maxBytes)
    {
        _files = files;
        _directory = Path.Combine(directory, "blocks");
        UseFileSize(fileSize);
        _maxBlocks = Math.Min(int.MaxValue - 1, maxBytes / LightQueueBlock.Size);
    }

    /// <summary>Bytes of a file.</summary>
    public int FileSize { get; private set; }

    /// <summary>Blocks that were ever taken, the unused first one included: those behind are new.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Blocks in use, or let go since the last flush.</summary>
    public long InUse
    {
        get
        {
            lock (_lock)
                return _taken - 1 - _free.Count;
        }
    }

    /// <summary>Whether most of the blocks that the limit allows are in use.</summary>
    public bool IsNearlyFull => InUse >= _maxBlocks - (_maxBlocks / 16);

    /// <summary>Whether half of the blocks that the limit allows were taken at some time.</summary>
    public bool IsHalfTaken => Taken > _maxBlocks / 2;

    /// <summary>Whether a flush would give blocks back.</summary>
    public bool HasReleased
    {
        get
        {
            lock (_lock)
                return _released.Count > 0;
        }
    }

    /// <summary>The directory keeps the size of the files it has. Before anything else.</summary>
    public void UseFileSize(int size)
    {
        FileSize = size;
        _blocksPerFile = size / LightQueueBlock.Size;
    }

    /// <summary>Maps the files that hold the blocks taken so far; false when one is missing.</summary>
    public bool TryLoad(int taken, bool isClean)
    {
        if (taken < 1)
            return false;
        while (_memory.Length * (long)_blocksPerFile < taken && taken > 1)
        {
            if (!WholeFile.IsThere(_files, PathOf(_memory.Length), FileSize))
                return false;
            if (!isClean)
                WholeFile.Secure(_files, PathOf(_memory.Length), FileSize);
            AddFile(isNew: false);
        }

        _taken = taken;
        return true;
    }

    public Span<byte> Block(int block) =>
        Volatile.Read(ref _memory)[block / _blocksPerFile].Span.Slice(block % _blocksPerFile * LightQueueBlock.Size, LightQueueBlock.Size);

    /// <summary>Whether there is such a block.</summary>
    public bool Has(int block) => block > 0 && block < Taken && block / _blocksPerFile < Volatile.Read(ref _memory).Length;

    /// <summary>A block was written to; said before anybody can see it, so that a flush that knows of it flushes it.</summary>
    public void Touch(int block)
    {
        // What a start writes again may be the very bytes that the disk refused in the run before.
        if (_isRecovering)
            _mapped[block / _blocksPerFile].Rewrite(block % _blocksPerFile * LightQueueBlock.Size, LightQueueBlock.Size);
        Volatile.Write(ref _touched[block / _blocksPerFile], 1);
    }

    /// <summary>What the log has beyond the blocks of the disk is in them.</summary>
    public void EndRecovery() => _isRecovering = false;

    /// <summary>Takes a block; 0 when the limit is reached.</summary>
    /// <exception cref="DiskFullException">No room for another file.</exception>
    public int Take()
    {
        lock (_lock)
        {
            if (_free.TryPop(out var block))
                return block;
            if (_taken >= _maxBlocks)
                return 0;
            if (_taken >= _memory.Length * (long)_blocksPerFile)
                AddFile(isNew: true);
            return _taken++;
        }
    }

    /// <summary>Lets a block go; it serves again after a flush.</summary>
    public void Release(int block)
    {
        lock (_lock)
            _released.Add(block);
    }

    /// <summary>What was let go up to now. The heads that are looked at afterwards do not lead there.</summary>
    public List<int> TakeReleased()
    {
        lock (_lock)
        {
            var released = _released;
            _released = [];
            return released;
        }
    }

    /// <summary>They could not be given back: a flush failed.</summary>
    public void ReleaseAgain(List<int> blocks)
    {
        lock (_lock)
            _released.AddRange(blocks);
    }

    /// <summary>These serve again.</summary>
    public void GiveBack(List<int> blocks)
    {
        lock (_lock)
        {
            foreach (var block in blocks)
                _free.Push(block);
        }
    }

    /// <summary>Begins anew: all that is in the blocks is forgotten.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _free.Clear();
            _released = [];
            _taken = 1;
        }
    }

    /// <summary>Makes what was written before the call durable. After a refusal never again: heads would lead to blocks that the disk does not have.</summary>
    /// <exception cref="IOException">The disk refused it, now or before.</exception>
    public void Flush()
    {
        if (_wasRefused)
            throw new IOException("The disk refused blocks of light queues before. Start again: what is missing is made again from the log.");
        var touched = Volatile.Read(ref _touched);
        for (var i = 0; i < touched.Length; i++)
        {
            if (Interlocked.Exchange(ref touched[i], 0) == 0)
                continue;
            _wasRefused = true;
            _mapped[i].Flush(0, FileSize);
            _wasRefused = false;
        }
    }

    public void Dispose()
    {
        foreach (var mapped in _mapped)
            mapped.Dispose();
    }

    private void AddFile(bool isNew)
    {
        var path = PathOf(_memory.Length);
        if (isNew)
        {
            DurableDirectory.Create(_files, _directory);
            WholeFile.Make(_files, path, FileSize);
        }

        var mapped = _files.Map(path, FileSize);
        _mapped = [.. _mapped, mapped];
        Volatile.Write(ref _touched, [.. _touched, 0]);
        Volatile.Write(ref _memory, [.. _memory, mapped.Memory]);
    }

    private string PathOf(int index) => Path.Combine(_directory, index.ToString("D8", CultureInfo.InvariantCulture));
}
