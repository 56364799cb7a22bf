using System.Buffers;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>A file: what readers see (the page cache) and what the disk has.</summary>
internal sealed class FaultyFile
{
    private const int PageSize = FaultyFileSystem.PageSize;

    private readonly FaultyFileSystem _owner;
    private byte[] _cached = [];
    private byte[] _disk = [];

    public FaultyFile(FaultyFileSystem owner) => _owner = owner;

    public long Length => _cached.Length;

    public byte[] Cached => _cached;

    public byte[] Content() => [.. _cached];

    public void Resize(long length)
    {
        // A resize is metadata: the journal keeps its order with the flushes of the same file.
        if (length == _cached.Length)
            return;
        Array.Resize(ref _cached, (int)length);
        Array.Resize(ref _disk, (int)length);
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (offset + bytes.Length > _cached.Length)
            Resize(offset + bytes.Length);
        bytes.CopyTo(_cached.AsSpan((int)offset));
    }

    public void Flush(int offset, int length)
    {
        var from = offset / PageSize * PageSize;
        var to = Math.Min(_cached.Length, (offset + length + PageSize - 1) / PageSize * PageSize);
        _cached.AsSpan(from, to - from).CopyTo(_disk.AsSpan(from));
    }

    public void FlushAll() => Flush(0, _cached.Length);

    public void Flip(long position, int bit)
    {
        _cached[position] ^= (byte)(1 << bit);
        _disk[position] = _cached[position];
    }

    /// <summary>Power loss: each page that differs from the disk is kept, lost, or torn at a sector.</summary>
    public void LosePages(Random random)
    {
        var after = new byte[_cached.Length];
        for (var at = 0; at < after.Length; at += PageSize)
        {
            var size = Math.Min(PageSize, after.Length - at);
            var kept = random.Next(3) switch
            {
                0 => 0,
                1 => size,
                _ => Math.Min(size, random.Next(8) * 512),
            };
            _cached.AsSpan(at, kept).CopyTo(after.AsSpan(at));
            _disk.AsSpan(at + kept, size - kept).CopyTo(after.AsSpan(at + kept));
        }

        _cached = after;
        _disk = [.. after];
    }

    /// <summary>A failed flush: the kernel calls the pages clean although only some reached the disk.</summary>
    public void LoseDirtyMarks(Random random)
    {
        for (var at = 0; at < _cached.Length; at += PageSize)
        {
            var size = Math.Min(PageSize, _cached.Length - at);
            if (random.Next(2) == 0)
                _cached.AsSpan(at, size).CopyTo(_disk.AsSpan(at));
        }
    }

    /// <summary>Gives later openers bytes that the dead process cannot write to any more.</summary>
    public void Detach() => _cached = [.. _cached];
}

/// <summary>A mapping: writes go straight to what readers see, until the machine is gone.</summary>
internal sealed class FaultyMappedFile : MemoryManager<byte>, IMappedFile
{
    private readonly FaultyFileSystem _owner;
    private readonly FaultyFile _file;
    private readonly byte[] _bytes;
    private readonly int _size;
    private readonly int _generation;

    public FaultyMappedFile(FaultyFileSystem owner, FaultyFile file, int size)
    {
        if (file.Length < size)
            throw new IOException("The file is shorter than the mapping.");
        _owner = owner;
        _file = file;
        _bytes = file.Cached;
        _size = size;
        _generation = owner.Generation;
    }

    Memory<byte> IMappedFile.Memory => CreateMemory(_size);

    public void Flush(int offset, int length) => _owner.FlushMapped(_file, offset, length, _generation);

    public override Span<byte> GetSpan() => _bytes.AsSpan(0, _size);

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin()
    {
    }

    void IDisposable.Dispose()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}

/// <summary>A handle.</summary>
internal sealed class FaultyRandomFile : IRandomFile
{
    private readonly FaultyFileSystem _owner;
    private readonly string _path;
    private readonly FaultyFile _file;
    private readonly int _generation;

    public FaultyRandomFile(FaultyFileSystem owner, string path, FaultyFile file)
    {
        _owner = owner;
        _path = path;
        _file = file;
        _generation = owner.Generation;
    }

    public long Length => _file.Length;

    public int Read(Span<byte> buffer, long offset)
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            var size = (int)Math.Clamp(_file.Length - offset, 0, buffer.Length);
            _file.Cached.AsSpan((int)Math.Min(offset, _file.Length), size).CopyTo(buffer);
            return size;
        }
    }

    public void Write(ReadOnlySpan<byte> buffer, long offset)
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            _owner.NeedRoom(_path, offset + buffer.Length - _file.Length);
            _file.Write(buffer, offset);
        }
    }

    public void SetLength(long length)
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            _owner.NeedRoom(_path, length - _file.Length);
            _file.Resize(length);
        }
    }

    public void Flush()
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            _file.FlushAll();
        }
    }

    public void Dispose()
    {
    }
}
