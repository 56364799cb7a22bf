using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Integrity;
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

    /// <summary>Makes all that is written to the log durable; throws when the disk does not take it.</summary>
    public Action FlushLog { get; set; } = static () => { };

    /// <summary>Reads a record of recovery's segments.</summary>
    public Func<long, RecordLease> ReadRecord { get; set; } = static _ => default;

    /// <summary>Reads of the commit log, once it is open.</summary>
    public CheckedReads? Reads { get; set; }

    /// <summary>
    /// The record of a queue entry; of one that leads elsewhere, where the log has it. Empty when there is none, or it is
    /// damaged and that is asked for.
    /// </summary>
    public RecordLease ReadEntry(ConsumeQueue queue, long queueOffset, in QueueEntry entry, bool checkContent)
    {
        if (entry.IsFiller)
            return default;
        return Reads is { } reads ? reads.ReadWritten(queue, queueOffset, entry, checkContent) : ReadRecord(entry.PhysicalOffset);
    }
}
