using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>Notes which files are mapped, how much of others is read, and what is held.</summary>
internal sealed class CountingFileSystem : IFileSystem
{
    private readonly IFileSystem _files;
    private int _held;
    private long _bytesRead;

    public CountingFileSystem(IFileSystem files) => _files = files;

    public List<string> Mapped { get; } = [];

    /// <summary>Bytes that were read at positions.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Mappings, open files and locks that were not given back.</summary>
    public int Held => Volatile.Read(ref _held);

    public bool FileExists(string path) => _files.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => _files.List(directory);

    public void CreateDirectory(string directory) => _files.CreateDirectory(directory);

    public void DeleteFile(string path) => _files.DeleteFile(path);

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void SyncDirectory(string directory) => _files.SyncDirectory(directory);

    public void Reserve(string path, int size, long zeroFrom = -1) => _files.Reserve(path, size, zeroFrom);

    public IMappedFile Map(string path, int size)
    {
        lock (Mapped)
            Mapped.Add(path);
        return new CountedMapping(this, _files.Map(path, size));
    }

    public IRandomFile Open(string path) => new CountedFile(this, _files.Open(path));

    public DiskRoom Room(string directory) => _files.Room(directory);

    public IDisposable Lock(string path) => new CountedLock(this, _files.Lock(path));

    private sealed class CountedMapping : IMappedFile
    {
        private readonly CountingFileSystem _owner;
        private readonly IMappedFile _inner;

        public CountedMapping(CountingFileSystem owner, IMappedFile inner)
        {
            _owner = owner;
            _inner = inner;
            Interlocked.Increment(ref owner._held);
        }

        public Memory<byte> Memory => _inner.Memory;

        public void Rewrite(int offset, int length) => _inner.Rewrite(offset, length);

        public void Flush(int offset, int length) => _inner.Flush(offset, length);

        public void Dispose()
        {
            Interlocked.Decrement(ref _owner._held);
            _inner.Dispose();
        }
    }

    private sealed class CountedFile : IRandomFile
    {
        private readonly CountingFileSystem _owner;
        private readonly IRandomFile _inner;

        public CountedFile(CountingFileSystem owner, IRandomFile inner)
        {
            _owner = owner;
            _inner = inner;
            Interlocked.Increment(ref owner._held);
        }

        public long Length => _inner.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            var read = _inner.Read(buffer, offset);
            Interlocked.Add(ref _owner._bytesRead, read);
            return read;
        }

        public void Write(ReadOnlySpan<byte> buffer, long offset) => _inner.Write(buffer, offset);

        public void SetLength(long length) => _inner.SetLength(length);

        public void Flush() => _inner.Flush();

        public void Dispose()
        {
            Interlocked.Decrement(ref _owner._held);
            _inner.Dispose();
        }
    }

    private sealed class CountedLock : IDisposable
    {
        private readonly CountingFileSystem _owner;
        private readonly IDisposable _inner;

        public CountedLock(CountingFileSystem owner, IDisposable inner)
        {
            _owner = owner;
            _inner = inner;
            Interlocked.Increment(ref owner._held);
        }

        public void Dispose()
        {
            Interlocked.Decrement(ref _owner._held);
            _inner.Dispose();
        }
    }
}
