using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store;

/// <summary>
/// The store directory as a place that one process owns: the lock file, and the abort file that is there while the
/// store is open.
/// </summary>
internal sealed class StoreDirectory : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly string _abort;
    private readonly IDisposable _lock;

    public StoreDirectory(IFileSystem files, string directory)
    {
        _files = files;
        _directory = directory;
        _abort = Path.Combine(directory, "abort");
        files.CreateDirectory(Path.Combine(directory, "commitlog"));
        files.CreateDirectory(Path.Combine(directory, "consumequeue"));
        files.SyncDirectory(directory);
        try
        {
            _lock = files.Lock(Path.Combine(directory, "lock"));
        }
        catch (IOException error)
        {
            throw new StoreUnusableException($"Another process holds the store directory '{directory}'. Stop it, or choose another directory.", error);
        }

        WasAborted = files.FileExists(_abort);
    }

    /// <summary>The abort file was there: the last run did not close the store.</summary>
    public bool WasAborted { get; }

    /// <summary>Makes the abort file; durable on return.</summary>
    public void BeginRun()
    {
        using (var file = _files.Open(_abort))
        {
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
            file.Flush();
        }

        _files.SyncDirectory(_directory);
    }

    /// <summary>Removes the abort file: all that it warned of is on the disk.</summary>
    public void EndRun()
    {
        _files.DeleteFile(_abort);
        _files.SyncDirectory(_directory);
    }

    public void Dispose() => _lock.Dispose();
}
