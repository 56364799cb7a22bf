using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Checkpoints;

/// <summary>The file <c>checkpoint</c>.</summary>
internal sealed class CheckpointFile
{
    private readonly IFileSystem _files;
    private readonly string _path;

    public CheckpointFile(IFileSystem files, string storeDirectory)
    {
        _files = files;
        _path = Path.Combine(storeDirectory, "checkpoint");
    }

    /// <summary>Reads it; false when there is none, or none that says anything.</summary>
    public bool TryRead(out Checkpoint checkpoint)
    {
        checkpoint = default;
        if (!_files.FileExists(_path))
            return false;
        Span<byte> page = stackalloc byte[Checkpoint.Size];
        using var file = _files.Open(_path);
        var read = file.Read(page, 0);
        return Checkpoint.TryRead(page[..read], out checkpoint);
    }

    /// <summary>Writes it; durable on return.</summary>
    public void Write(in Checkpoint checkpoint)
    {
        Span<byte> page = stackalloc byte[Checkpoint.Size];
        checkpoint.Write(page);
        var isNew = !_files.FileExists(_path);
        using (var file = _files.Open(_path))
        {
            file.Write(page, 0);
            file.Flush();
        }

        if (isNew)
            _files.SyncDirectory(Path.GetDirectoryName(_path)!);
    }
}
