using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>The file <c>config/timercheck</c>.</summary>
internal sealed class TimerCheckpointFile(IFileSystem files, string storeDirectory)
{
    private readonly string _path = Path.Combine(storeDirectory, "config", "timercheck");
    private bool _exists;

    public TimerCheckpoint Read()
    {
        if (!files.FileExists(_path))
            return default;
        Span<byte> page = stackalloc byte[TimerCheckpoint.Size];
        using var file = files.Open(_path);
        return TimerCheckpoint.Read(page[..file.Read(page, 0)]);
    }

    /// <summary>Writes it; durable on return.</summary>
    public void Write(in TimerCheckpoint checkpoint)
    {
        Span<byte> page = stackalloc byte[TimerCheckpoint.Size];
        checkpoint.Write(page);
        var directory = Path.GetDirectoryName(_path)!;
        if (!_exists)
            DurableDirectory.Create(files, directory);
        using (var file = files.Open(_path))
        {
            file.Write(page, 0);
            file.Flush();
        }

        if (!_exists)
            files.SyncDirectory(directory);
        _exists = true;
    }
}
