using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>A file system that is only read: whatever would change something is refused.</summary>
internal sealed class ReadOnlyFiles : IFileSystem
{
    private const int MaxMapped = 512 << 20;

    private readonly IFileSystem _files;

    public ReadOnlyFiles(IFileSystem files) => _files = files;

    public bool FileExists(string path) => _files.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => _files.List(directory);

    public void CreateDirectory(string directory) => throw Refused(directory);

    public void DeleteFile(string path) => throw Refused(path);

    public void Rename(string from, string to) => throw Refused(from);

    public void SyncDirectory(string directory) => throw Refused(directory);

    public void Reserve(string path, int size, long zeroFrom = -1) => throw Refused(path);

    /// <summary>A copy of the file.</summary>
    public IMappedFile Map(string path, int size)
    {
        if (size > MaxMapped)
            throw new IOException($"'{path}' is too large to be looked at.");
        var copy = new byte[size];
        using var file = _files.OpenRead(path);
        file.Read(copy, 0);
        return new Copy(copy);
    }

    public IRandomFile Open(string path) => _files.OpenRead(path);

    public IRandomFile OpenRead(string path) => _files.OpenRead(path);

    public DiskRoom Room(string directory) => _files.Room(directory);

    public bool IsLocked(string path) => _files.IsLocked(path);

    public IDisposable Lock(string path) => throw Refused(path);

    private static InvalidOperationException Refused(string path) => new($"'{path}' is only looked at.");

    private sealed class Copy(byte[] content) : IMappedFile
    {
        public Memory<byte> Memory { get; } = content;

        public void Flush(int offset, int length)
        {
        }

        public void Rewrite(int offset, int length)
        {
        }

        public void Dispose()
        {
        }
    }
}
