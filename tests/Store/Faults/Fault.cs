namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>What a store asks of a disk, as far as it can go wrong.</summary>
internal enum FileCall
{
    List,
    CreateDirectory,
    Open,
    Map,
    Read,
    Write,
    SetLength,
    Flush,
    Reserve,
    Rename,
    Delete,
    SyncDirectory,
}

/// <summary>How a call goes wrong.</summary>
internal enum FaultEffect
{
    /// <summary>EIO. A write may have written a part; a flush may have reached the disk with some pages, and the kernel calls the others clean.</summary>
    InputOutputError,

    /// <summary>ENOSPC, whatever room there is.</summary>
    DiskFull,

    /// <summary>A read gives fewer bytes than the file has.</summary>
    ShortRead,

    /// <summary>A read gives bytes with one bit changed.</summary>
    BitFlip,

    /// <summary>A flush reports success and does nothing.</summary>
    Lie,
}

/// <summary>Some calls that go wrong: those on paths that contain a text, after the first so many, so many times.</summary>
internal sealed class Fault
{
    private int _skip;
    private int _times;

    public Fault(FileCall call, string path = "", int skip = 0, int times = int.MaxValue, FaultEffect effect = FaultEffect.InputOutputError)
    {
        Call = call;
        Path = path;
        Effect = effect;
        _skip = skip;
        _times = times;
    }

    public FileCall Call { get; }

    public string Path { get; }

    public FaultEffect Effect { get; }

    /// <summary>There is no room, or no handle: it goes away.</summary>
    public bool IsLack => Effect == FaultEffect.DiskFull;

    /// <summary>Calls that went wrong so far.</summary>
    public int Hits { get; private set; }

    /// <summary>Whether this call goes wrong.</summary>
    public bool Strikes(FileCall call, string path)
    {
        if (call != Call || _times == 0 || !path.Contains(Path, StringComparison.Ordinal))
            return false;
        if (_skip > 0)
        {
            _skip--;
            return false;
        }

        if (_times != int.MaxValue)
            _times--;
        Hits++;
        return true;
    }
}
