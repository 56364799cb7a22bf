using System.Buffers;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>A mapping: writes go straight to what readers see, until the machine is gone.</summary>
internal sealed class FaultyMappedFile : MemoryManager<byte>, IMappedFile
{
    private readonly FaultyFileSystem _owner;
    private readonly string _path;
    private readonly FaultyFile _file;
    private readonly byte[] _bytes;
    private readonly int _size;
    private readonly int _generation;
    private long _told;
    private bool _disposed;

    public FaultyMappedFile(FaultyFileSystem owner, string path, FaultyFile file, int size)
    {
        if (file.Length < size)
            throw new IOException("The file is shorter than the mapping.");
        _owner = owner;
        _path = path;
        _file = file;
        _bytes = file.Cached;
        _size = size;
        _generation = owner.Generation;
        _told = file.Errors.Sample();
        file.Mapped();
    }

    Memory<byte> IMappedFile.Memory => CreateMemory(_size);

    public void Flush(int offset, int length) => _owner.FlushLog(_path, _file, offset, length, _generation, ref _told);

    public void Rewrite(int offset, int length) => _owner.Touch(_file, offset, length, _generation);

    public override Span<byte> GetSpan() => _bytes.AsSpan(0, _size);

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin()
    {
    }

    void IDisposable.Dispose()
    {
        lock (_owner.Gate)
        {
            if (!_disposed && _generation == _owner.Generation)
                _file.Unmapped();
            _disposed = true;
        }
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
    private long _told;

    public FaultyRandomFile(FaultyFileSystem owner, string path, FaultyFile file)
    {
        _owner = owner;
        _path = path;
        _file = file;
        _generation = owner.Generation;
        _told = file.Errors.Sample();
    }

    public long Length => _file.Length;

    public int Read(Span<byte> buffer, long offset)
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            _owner.LargestRead = Math.Max(_owner.LargestRead, buffer.Length);
            var effect = _owner.Strike(FileCall.Read, _path);
            var size = (int)Math.Clamp(_file.Length - offset, 0, buffer.Length);
            if (effect == FaultEffect.ShortRead)
                size = _owner.Chance(size + 1);
            _file.Cached.AsSpan((int)Math.Min(offset, _file.Length), size).CopyTo(buffer);
            if (effect == FaultEffect.BitFlip && size > 0)
                buffer[_owner.Chance(size)] ^= (byte)(1 << _owner.Chance(8));
            return size;
        }
    }

    public void Write(ReadOnlySpan<byte> buffer, long offset)
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            var room = _owner.RoomFor(_file, offset, buffer.Length);
            if (room < buffer.Length)
            {
                _file.Write(buffer[..room], offset);
                throw new DiskFullException(_path);
            }

            try
            {
                _owner.Strike(FileCall.Write, _path);
            }
            catch (IOException)
            {
                _file.Write(buffer[..Math.Min(buffer.Length, _owner.WrittenBeforeFailure ?? _owner.Chance(buffer.Length + 1))], offset);
                throw;
            }

            _file.Write(buffer, offset);
        }
    }

    public void SetLength(long length)
    {
        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            _owner.Strike(FileCall.SetLength, _path);
            _file.Resize(length);
        }
    }

    public void Flush()
    {
        if (_path.Contains("/commitlog/", StringComparison.Ordinal))
        {
            _owner.FlushLog(_path, _file, 0, (int)_file.Length, _generation, ref _told);
            return;
        }

        lock (_owner.Gate)
        {
            _owner.CheckAlive(_generation);
            _owner.FlushFile(_path, _file, 0, (int)_file.Length, ref _told);
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>All of the file system.</summary>
internal sealed class FaultyDisk : IWholeDisk
{
    private readonly FaultyFileSystem _owner;
    private readonly string _directory;
    private readonly int _generation;
    private long _told;

    public FaultyDisk(FaultyFileSystem owner, string directory, long told)
    {
        _owner = owner;
        _directory = directory;
        _generation = owner.Generation;
        _told = told;
    }

    public void Flush() => _owner.FlushAll(_directory, _generation, ref _told);

    public void Dispose()
    {
    }
}

/// <summary>The lock file, held until the process dies or lets it go.</summary>
internal sealed class FaultyLock(FaultyFileSystem owner, string path) : IDisposable
{
    private readonly int _generation = owner.Generation;

    public void Dispose() => owner.Unlock(path, _generation);
}
