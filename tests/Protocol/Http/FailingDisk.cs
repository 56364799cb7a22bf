using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>The disk of this machine, until it is told to fail: then whatever would make the log durable fails.</summary>
internal sealed class FailingDisk(IFileSystem inner) : IFileSystem
{
    private volatile bool _fails;

    public void Fail() => _fails = true;

    public bool FileExists(string path) => inner.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => inner.List(directory);

    public void CreateDirectory(string directory) => inner.CreateDirectory(directory);

    public void DeleteFile(string path) => inner.DeleteFile(path);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void SyncDirectory(string directory) => inner.SyncDirectory(directory);

    public IWholeDisk? OpenDisk(string directory) => inner.OpenDisk(directory);

    public void Reserve(string path, int size, long zeroFrom = -1) => inner.Reserve(path, size, zeroFrom);

    public IMappedFile Map(string path, int size) => new MappedFile(this, inner.Map(path, size), path);

    public IRandomFile Open(string path) => new RandomFile(this, inner.Open(path), path);

    public DiskRoom Room(string directory) => inner.Room(directory);

    public IRandomFile OpenRead(string path) => inner.OpenRead(path);

    public bool IsLocked(string path) => inner.IsLocked(path);

    public IDisposable Lock(string path) => inner.Lock(path);

    private void Check(string path)
    {
        if (_fails && path.Contains("commitlog", StringComparison.Ordinal))
        {
            throw new IOException("the disk failed");
        }
    }

    private sealed class MappedFile(FailingDisk disk, IMappedFile file, string path) : IMappedFile
    {
        public Memory<byte> Memory => file.Memory;

        public void Prepare(int offset, int length) => file.Prepare(offset, length);

        public void Flush(int offset, int length)
        {
            disk.Check(path);
            file.Flush(offset, length);
        }

        public void Rewrite(int offset, int length) => file.Rewrite(offset, length);

        public void Dispose() => file.Dispose();
    }

    private sealed class RandomFile(FailingDisk disk, IRandomFile file, string path) : IRandomFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> buffer, long offset)
        {
            disk.Check(path);
            file.Write(buffer, offset);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void Flush()
        {
            disk.Check(path);
            file.Flush();
        }

        public void WriteBack(long offset, long length) => file.WriteBack(offset, length);

        public void Forget(long offset, long length) => file.Forget(offset, length);

        public void Dispose() => file.Dispose();
    }
}
