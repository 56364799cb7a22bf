using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// The file <c>rebuild</c>, there from before the first queue file is thrown away until a checkpoint holds what was built
/// again. A start that finds it goes on rebuilding, whatever its options say.
/// </summary>
internal sealed class RebuildMarker
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly string _path;

    public RebuildMarker(IFileSystem files, string storeDirectory)
    {
        _files = files;
        _directory = storeDirectory;
        _path = Path.Combine(storeDirectory, "rebuild");
    }

    public bool Exists => _files.FileExists(_path);

    /// <summary>Makes it; durable on return.</summary>
    public void Begin()
    {
        using (var file = _files.Open(_path))
        {
            file.Write("consumequeue and what else is built from the log are being built again\n"u8, 0);
            file.Flush();
        }

        _files.SyncDirectory(_directory);
    }

    /// <summary>Takes it away.</summary>
    public void End()
    {
        if (!Exists)
            return;
        _files.DeleteFile(_path);
        _files.SyncDirectory(_directory);
    }
}
