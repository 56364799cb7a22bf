using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>The disk, with flushes of the commit log that wait as long as the test wants: a disk that is too slow.</summary>
internal sealed class HeldFlushes : IFileSystem, IDisposable
{
    private readonly PhysicalFileSystem _disk = PhysicalFileSystem.Instance;
    private readonly ManualResetEventSlim _open = new(true);

    /// <summary>A flush waits.</summary>
    public Signal Waits { get; } = new("a flush of the commit log waits");

    /// <summary>The disk has no room for anything new.</summary>
    public bool IsFull { get; set; }

    /// <summary>Flushes of the commit log fail.</summary>
    public bool Fails { get; set; }

    public void Hold() => _open.Reset();

    public void Release() => _open.Set();

    public bool FileExists(string path) => _disk.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => _disk.List(directory);

    public void CreateDirectory(string directory) => _disk.CreateDirectory(directory);

    public void DeleteFile(string path) => _disk.DeleteFile(path);

    public void Rename(string from, string to) => _disk.Rename(from, to);

    public void SyncDirectory(string directory) => _disk.SyncDirectory(directory);

    public void Reserve(string path, int size, long zeroFrom = -1)
    {
        if (IsFull)
        {
            throw new DiskFullException(path);
        }

        _disk.Reserve(path, size, zeroFrom);
    }

    public IMappedFile Map(string path, int size) => IsOfLog(path) ? new HeldFile(this, _disk.Map(path, size)) : _disk.Map(path, size);

    public IRandomFile Open(string path) => IsOfLog(path) ? new HeldRandomFile(this, _disk.Open(path)) : _disk.Open(path);

    public IRandomFile OpenRead(string path) => ((IFileSystem)_disk).OpenRead(path);

    public DiskRoom Room(string directory) => _disk.Room(directory);

    public bool IsLocked(string path) => ((IFileSystem)_disk).IsLocked(path);

    public IDisposable Lock(string path) => _disk.Lock(path);

    public void Dispose()
    {
        _open.Set();
        _open.Dispose();
    }

    private static bool IsOfLog(string path) => Path.GetFileName(Path.GetDirectoryName(path)) == "commitlog";

    private void Pass()
    {
        if (!_open.IsSet)
        {
            Waits.Set();
        }

        _open.Wait();
        if (Fails)
        {
            throw new IOException("Input/output error (injected).");
        }
    }

    private sealed class HeldFile(HeldFlushes owner, IMappedFile file) : IMappedFile
    {
        public Memory<byte> Memory => file.Memory;

        public void Prepare(int offset, int length) => file.Prepare(offset, length);

        public void Flush(int offset, int length)
        {
            owner.Pass();
            file.Flush(offset, length);
        }

        public void Rewrite(int offset, int length)
        {
            owner.Pass();
            file.Rewrite(offset, length);
        }

        public void Dispose() => file.Dispose();
    }

    private sealed class HeldRandomFile(HeldFlushes owner, IRandomFile file) : IRandomFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> buffer, long offset) => file.Write(buffer, offset);

        public void SetLength(long length) => file.SetLength(length);

        public void Flush()
        {
            owner.Pass();
            file.Flush();
        }

        public void WriteBack(long offset, long length) => file.WriteBack(offset, length);

        public void Forget(long offset, long length) => file.Forget(offset, length);

        public void Dispose() => file.Dispose();
    }
}
