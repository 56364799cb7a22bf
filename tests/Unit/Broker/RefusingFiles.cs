using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>The machine's file system, which may refuse to map one file once.</summary>
internal sealed class RefusingFiles : IFileSystem
{
    private readonly IFileSystem _files = PhysicalFileSystem.Instance;
    private string? _refused;

    /// <summary>Whether the refusal came.</summary>
    public bool HasRefused { get; private set; }

    /// <summary>The next mapping of a file of this name is refused.</summary>
    public void Refuse(string name) => Volatile.Write(ref _refused, name);

    public bool FileExists(string path) => _files.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => _files.List(directory);

    public void CreateDirectory(string directory) => _files.CreateDirectory(directory);

    public void DeleteFile(string path) => _files.DeleteFile(path);

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void SyncDirectory(string directory) => _files.SyncDirectory(directory);

    public void Reserve(string path, int size, long zeroFrom = -1) => _files.Reserve(path, size, zeroFrom);

    public IMappedFile Map(string path, int size)
    {
        if (Volatile.Read(ref _refused) is { } name && Path.GetFileName(path) == name && Interlocked.CompareExchange(ref _refused, null, name) == name)
        {
            HasRefused = true;
            throw new IOException("Too many open files (on purpose).");
        }

        return _files.Map(path, size);
    }

    public IRandomFile Open(string path) => _files.Open(path);

    public IRandomFile OpenRead(string path) => _files.OpenRead(path);

    public DiskRoom Room(string directory) => _files.Room(directory);

    public IDisposable Lock(string path) => _files.Lock(path);
}
