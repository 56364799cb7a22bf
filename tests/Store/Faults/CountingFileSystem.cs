using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>Notes which files are mapped.</summary>
internal sealed class CountingFileSystem : IFileSystem
{
    private readonly IFileSystem _files;

    public CountingFileSystem(IFileSystem files) => _files = files;

    public List<string> Mapped { get; } = [];

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
        return _files.Map(path, size);
    }

    public IRandomFile Open(string path) => _files.Open(path);

    public DiskRoom Room(string directory) => _files.Room(directory);

    public IDisposable Lock(string path) => _files.Lock(path);
}
