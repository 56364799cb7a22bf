using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Checkpoints;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>A file of the commit log as it was found.</summary>
internal readonly record struct SegmentFile(long BaseOffset, long Length);

/// <summary>A damaged record, and what is known of its place in a queue.</summary>
internal readonly record struct DamagedPlace(long PhysicalOffset, string? Topic, int QueueId, long QueueOffset);

/// <summary>What is known of a store directory while it is opened; the steps of recovery fill it in.</summary>
internal sealed class RecoveryState
{
    public RecoveryState(StoreOptions options, IFileSystem files, ProjectionSet projections)
    {
        Options = options;
        Files = files;
        Projections = projections;
        LogDirectory = Path.Combine(options.Directory, "commitlog");
    }

    public StoreOptions Options { get; }

    public IFileSystem Files { get; }

    public ProjectionSet Projections { get; }

    public string LogDirectory { get; }

    /// <summary>Bytes of a segment: of those that exist, else of the options.</summary>
    public int SegmentSize { get; set; }

    /// <summary>Segments, ascending, without holes.</summary>
    public List<LogSegment> Segments { get; } = [];

    /// <summary>Bytes that the last segment's file had.</summary>
    public long TailLength { get; set; }

    public Checkpoint Checkpoint { get; set; }

    public bool HasCheckpoint { get; set; }

    /// <summary>The abort file was there: the last run did not end by itself.</summary>
    public bool WasAborted { get; set; }

    /// <summary>Everything is known to be as the checkpoint says: the last run of this program ended well.</summary>
    public bool IsClean => !WasAborted && !Rebuild && HasCheckpoint && Checkpoint.RecoverOffset >= 0 && ScanStart == Checkpoint.RecoverOffset;

    /// <summary>Everything that is built from the log is thrown away and built again: by option, or a start before this one began to.</summary>
    public bool Rebuild { get; set; }

    /// <summary>Segments in the chain whose file is shorter than the others.</summary>
    public List<SegmentFile> ShortSegments { get; } = [];

    /// <summary>Files behind a hole in the chain that hold nothing.</summary>
    public List<SegmentFile> BeyondHole { get; } = [];

    /// <summary>Queue files that do not have the size that all have.</summary>
    public int MisfitQueueFiles { get; set; }

    /// <summary>Sum of where the first files of all queues begin.</summary>
    public long QueueStarts { get; set; }

    /// <summary>Queues whose first file is not their first ever, and has nothing of what retention deleted.</summary>
    public List<(ConsumeQueue Queue, List<SegmentFile> Files)> Headless { get; } = [];

    /// <summary>Where the scan of the log begins: a record, or the end.</summary>
    public long ScanStart { get; set; }

    /// <summary>Everything before it is known to have been durable: damage there is no torn write.</summary>
    public long DurableFloor { get; set; }

    /// <summary>Of the checkpoint, before anything else is known: the log was on the disk up to here.</summary>
    public long KnownDurable => HasCheckpoint ? Math.Max(0, Checkpoint.RecoverOffset) : 0;

    /// <summary>
    /// Store time up to which Apache RocketMQ, when it had the directory last, says that the log was flushed; -1 when it did not.
    /// Of a replica it may say so a moment too early, and only a killed one has something that is not flushed.
    /// </summary>
    public long FlushedTime => HasCheckpoint && Checkpoint.RecoverOffset < 0 ? Checkpoint.PhysicTimestamp - (WasAborted ? StartPoint.Margin : 0) : -1;

    /// <summary>Queue entries of records before it were taken as they are.</summary>
    public long QueueLimit { get; set; }

    /// <summary>The disk has no room for the blocks of the last segment: it can be read and not written; null when it has.</summary>
    public string? NoRoomForTail { get; set; }

    /// <summary>Where the log ends; set by the scan.</summary>
    public long End { get; set; }

    /// <summary>The scan ended at bytes that are no record.</summary>
    public bool EndIsTorn { get; set; }

    /// <summary>The last record, when it had all but its last byte and has it again; else -1.</summary>
    public long PutBackAt { get; set; } = -1;

    /// <summary>Store time of the last record.</summary>
    public long LastTimestamp { get; set; }

    public QueueTable Queues { get; set; } = null!;

    /// <summary>Highest physical offset of the queue entries that were cut off.</summary>
    public long HighestCutEntry { get; set; } = -1;

    public long RebuiltEntries { get; set; }

    /// <summary>Records that were whole once and do not have their CRC any more.</summary>
    public List<DamagedPlace> DamagedRecords { get; } = [];

    /// <summary>Records without a queue entry, because their queue offset cannot be.</summary>
    public List<long> MisplacedRecords { get; } = [];

    public long LogStart => Segments.Count == 0 ? 0 : Segments[0].BaseOffset;

    public long LogLimit => Segments.Count == 0 ? 0 : Segments[^1].EndOffset;

    /// <summary>Lets everything go: the store does not open.</summary>
    public void Release()
    {
        foreach (var segment in Segments)
            segment.Release();
        Queues?.Files.Dispose();
        Projections.Dispose();
    }

    /// <summary>Leases the record at an offset; empty when there is none.</summary>
    public RecordLease Read(long offset)
    {
        if (SegmentOf(offset) is not { } segment || !segment.TryAcquire())
            return default;
        var memory = segment.Memory[(int)(offset - segment.BaseOffset)..];
        if (MessageRecord.TryRead(memory.Span, out var record) == RecordError.None && record.PhysicalOffset == offset)
            return new RecordLease(segment, memory[..record.Size]);
        segment.Release();
        return default;
    }

    public LogSegment? SegmentOf(long offset) =>
        offset < LogStart || offset >= LogLimit ? null : Segments[(int)((offset - LogStart) / SegmentSize)];
}
