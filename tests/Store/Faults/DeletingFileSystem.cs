using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>Has one file deleted by somebody else between the question whether it is there and the call that opens it.</summary>
internal sealed class DeletingFileSystem(IFileSystem files, string doomed) : IFileSystem
{
    public bool FileExists(string path) => files.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => files.List(directory);

    public void CreateDirectory(string directory) => files.CreateDirectory(directory);

    public void DeleteFile(string path) => files.DeleteFile(path);

    public void Rename(string from, string to) => files.Rename(from, to);

    public void SyncDirectory(string directory) => files.SyncDirectory(directory);

    public void Reserve(string path, int size, long zeroFrom = -1) => files.Reserve(path, size, zeroFrom);

    public IMappedFile Map(string path, int size) => files.Map(path, size);

    public IRandomFile Open(string path)
    {
        Delete(path);
        return files.Open(path);
    }

    public IRandomFile? TryOpen(string path)
    {
        Delete(path);
        return files.TryOpen(path);
    }

    public DiskRoom Room(string directory) => files.Room(directory);

    public IDisposable Lock(string path) => files.Lock(path);

    private void Delete(string path)
    {
        if (path == doomed)
            files.DeleteFile(path);
    }
}
