using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>What the compacted queues of a store share.</summary>
internal sealed class CompactionContext(IFileSystem files, StoreOptions options, TimeProvider time, ILogger logger)
{
    public IFileSystem Files { get; } = files;

    public StoreOptions Options { get; } = options;

    public TimeProvider Time { get; } = time;

    public ILogger Logger { get; } = logger;

    public FileHandles Handles { get; } = new(files, options.MaxOpenCompactedFiles);

    public CompactionMetrics Metrics { get; } = new();

    /// <summary><c>compaction/</c>.</summary>
    public string Directory { get; } = Path.Combine(options.Directory, "compaction");

    /// <summary>Hashes keys; the same one as long as the directory lives.</summary>
    public KeyHash Hash { get; set; }

    /// <summary>The consume queues, once they are loaded.</summary>
    public QueueTable Queues { get; set; } = null!;

    /// <summary>Makes the log durable as far as it is dispatched; throws when the disk does not take it.</summary>
    public Action FlushLog { get; set; } = static () => { };

    /// <summary>Reads a record of the log: of recovery's segments first, then of the commit log.</summary>
    public Func<long, RecordLease> ReadRecord { get; set; } = static _ => default;
}
