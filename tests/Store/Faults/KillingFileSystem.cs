using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>Lets a process do so many things to directories and files, and nothing after that.</summary>
internal sealed class KillingFileSystem : IFileSystem
{
    private readonly IFileSystem _files;
    private int _left;

    public KillingFileSystem(IFileSystem files, int calls)
    {
        _files = files;
        _left = calls;
    }

    public bool HasKilled => Volatile.Read(ref _left) < 0;

    public bool FileExists(string path) => _files.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => _files.List(directory);

    public void CreateDirectory(string directory) => Alive().CreateDirectory(directory);

    public void DeleteFile(string path) => Alive().DeleteFile(path);

    public void Rename(string from, string to) => Alive().Rename(from, to);

    public void SyncDirectory(string directory) => Alive().SyncDirectory(directory);

    public void Reserve(string path, int size, long zeroFrom = -1) => Alive().Reserve(path, size, zeroFrom);

    public IMappedFile Map(string path, int size) => Alive().Map(path, size);

    public IRandomFile Open(string path) => Alive().Open(path);

    public DiskRoom Room(string directory) => _files.Room(directory);

    public IDisposable Lock(string path) => Alive().Lock(path);

    private IFileSystem Alive() =>
        Interlocked.Decrement(ref _left) < 0 ? throw new IOException("The process was killed.") : _files;
}
