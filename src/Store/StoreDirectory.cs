using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store;

/// <summary>
/// The store directory as a place that one process owns: the lock file, and the abort file that is there while the
/// store is open.
/// </summary>
internal sealed partial class StoreDirectory : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly string _abort;
    private readonly IDisposable _lock;
    private readonly ILogger _logger;

    public StoreDirectory(IFileSystem files, string directory, ILogger logger)
    {
        _logger = logger;
        _files = files;
        _directory = directory;
        _abort = Path.Combine(directory, "abort");
        DurableDirectory.Create(files, directory);
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
            try
            {
                file.SetLength(0);
                file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
                file.Flush();
            }
            catch (DiskFullException)
            {
                // That the file is there is what counts.
            }
        }

        _files.SyncDirectory(_directory);
    }

    /// <summary>
    /// Removes the abort file when all that it warned of is on the disk. When it cannot be removed the next start looks
    /// at more than it has to.
    /// </summary>
    public void EndRun(bool isClean)
    {
        if (!isClean)
            return;
        try
        {
            _files.DeleteFile(_abort);
            _files.SyncDirectory(_directory);
        }
        catch (IOException error)
        {
            LogAbortStays(error);
        }
    }

    public void Dispose() => _lock.Dispose();

    [LoggerMessage(EventId = 2027, Level = LogLevel.Warning, Message = "The abort file could not be removed")]
    private partial void LogAbortStays(Exception error);
}
