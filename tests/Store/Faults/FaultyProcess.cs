using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>The file system as one process sees it: after the crash that ended the process, every call fails.</summary>
internal sealed class FaultyProcess : IFileSystem
{
    private readonly FaultyFileSystem _machine;
    private readonly int _generation;

    public FaultyProcess(FaultyFileSystem machine)
    {
        _machine = machine;
        _generation = machine.Generation;
    }

    public bool FileExists(string path)
    {
        lock (_machine.Gate)
            return Alive().FileExists(path);
    }

    public IReadOnlyList<FileEntry> List(string directory)
    {
        lock (_machine.Gate)
            return Alive().List(directory);
    }

    public void CreateDirectory(string directory)
    {
        lock (_machine.Gate)
            Alive().CreateDirectory(directory);
    }

    public void DeleteFile(string path)
    {
        lock (_machine.Gate)
            Alive().DeleteFile(path);
    }

    public void Rename(string from, string to)
    {
        lock (_machine.Gate)
            Alive().Rename(from, to);
    }

    public void SyncDirectory(string directory)
    {
        lock (_machine.Gate)
            Alive().SyncDirectory(directory);
    }

    public IWholeDisk OpenDisk(string directory)
    {
        lock (_machine.Gate)
            return Alive().OpenDisk(directory);
    }

    public void Reserve(string path, int size, long zeroFrom = -1)
    {
        lock (_machine.Gate)
            Alive().Reserve(path, size, zeroFrom);
    }

    public IMappedFile Map(string path, int size)
    {
        lock (_machine.Gate)
            return Alive().Map(path, size);
    }

    public IRandomFile Open(string path)
    {
        lock (_machine.Gate)
            return Alive().Open(path);
    }

    public IRandomFile OpenRead(string path)
    {
        lock (_machine.Gate)
            return Alive().OpenRead(path);
    }

    public DiskRoom Room(string directory)
    {
        lock (_machine.Gate)
            return Alive().Room(directory);
    }

    public bool IsLocked(string path)
    {
        lock (_machine.Gate)
            return Alive().IsLocked(path);
    }

    public IDisposable Lock(string path)
    {
        lock (_machine.Gate)
            return Alive().Lock(path);
    }

    private FaultyFileSystem Alive()
    {
        _machine.CheckAlive(_generation);
        return _machine;
    }
}
