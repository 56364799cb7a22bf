using System.ComponentModel.DataAnnotations;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store;

/// <summary>Settings and limits of the store. Defaults are those of Apache RocketMQ where it has them.</summary>
public sealed class StoreOptions
{
    /// <summary>The store directory: <c>commitlog/</c>, <c>consumequeue/</c>, <c>checkpoint</c> and so on are made in it.</summary>
    [Required]
    public string Directory { get; set; } = "data/store";

    /// <summary>Bytes of a commit log segment. A directory that has segments keeps their size.</summary>
    [Range(4096, 1 << 30)]
    public int SegmentSize { get; set; } = 1 << 30;

    /// <summary>Entries of a consume queue file (20 bytes each). A directory that has queue files keeps their size.</summary>
    [Range(8, 50_000_000)]
    public int QueueFileEntries { get; set; } = 300_000;

    /// <summary>Largest body in bytes.</summary>
    [Range(1, 64 << 20)]
    public int MaxBodySize { get; set; } = 4 << 20;

    /// <summary>What an acknowledgement promises.</summary>
    public FlushMode FlushMode { get; set; } = FlushMode.Fsync;

    /// <summary>How often <see cref="FlushMode.Async"/> flushes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan AsyncFlushInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Bytes that may wait for the disk before appends answer <see cref="AppendStatus.Busy"/>.</summary>
    [Range(1 << 16, 1L << 40)]
    public long MaxUnflushedBytes { get; set; } = 512L << 20;

    /// <summary>How often queue files are flushed and the checkpoint is written: bounds the log that a start after a crash reads.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long appends are refused without another look at the disk once it was full.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan DiskFullRetryInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Queues of one topic.</summary>
    [Range(1, 65536)]
    public int MaxQueuesPerTopic { get; set; } = 1024;

    /// <summary>Queues of the store.</summary>
    [Range(1, 10_000_000)]
    public int MaxQueues { get; set; } = 1_000_000;

    /// <summary>Queue files that are held open at a time.</summary>
    [Range(4, 100_000)]
    public int MaxOpenQueueFiles { get; set; } = 512;

    /// <summary>Whether messages are found by their keys and unique keys: whether <c>index/</c> is written.</summary>
    public bool IndexEnabled { get; set; } = true;

    /// <summary>Hash slots of an index file (4 bytes each). A directory that has index files keeps their number.</summary>
    [Range(1, 50_000_000)]
    public int IndexSlots { get; set; } = 5_000_000;

    /// <summary>Entries of an index file (20 bytes each). A directory that has index files keeps their number.</summary>
    [Range(2, 95_000_000)]
    public int IndexEntries { get; set; } = 20_000_000;

    /// <summary>Queries by key that run at a time; further ones are refused. Each may have one more index file mapped.</summary>
    [Range(1, 10_000)]
    public int MaxIndexQueries { get; set; } = 16;

    /// <summary>Index files that are kept mapped for queries, besides the one that is written.</summary>
    [Range(1, 10_000)]
    public int MaxMappedIndexFiles { get; set; } = 4;

    /// <summary>Messages that one query by key gives.</summary>
    [Range(1, 65536)]
    public int MaxIndexQueryResults { get; set; } = 64;

    /// <summary>Index entries that one query by key looks at; what is older is not found by it.</summary>
    [Range(1, int.MaxValue)]
    public int MaxIndexQuerySteps { get; set; } = 100_000;

    /// <summary>Light queues of the store.</summary>
    [Range(1, 50_000_000)]
    public int MaxLightQueues { get; set; } = 2_000_000;

    /// <summary>Entries of one light queue; the oldest are dropped at a checkpoint.</summary>
    [Range(1, long.MaxValue)]
    public long MaxLightQueueEntries { get; set; } = 1_000_000;

    /// <summary>Bytes of the blocks of all light queues; dispatch waits, as for a full disk, when they do not suffice.</summary>
    [Range(1L << 20, 1L << 38)]
    public long MaxLightQueueBytes { get; set; } = 8L << 30;

    /// <summary>Bytes of a file of such blocks, a multiple of 4096. A directory that has some keeps their size.</summary>
    [Range(4096, 1 << 30)]
    public int LightQueueFileSize { get; set; } = 64 << 20;

    /// <summary>
    /// Whether records go to the light queues that they name in the property <c>INNER_MULTI_DISPATCH</c>, as with Apache
    /// RocketMQ's <c>enableLmq</c> and <c>enableMultiDispatch</c>.
    /// </summary>
    public bool MultiDispatch { get; set; }

    /// <summary>
    /// Memory for queue entries that are readable and not in their files yet; beyond it the oldest are written before a
    /// checkpoint asks for them. 0 writes at once.
    /// </summary>
    [Range(0, 1L << 36)]
    public long MaxUnwrittenQueueBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Queue files written since the last checkpoint from which on one syncfs of the whole file system takes the place
    /// of an fsync of each; 0 for never. Linux 5.8 or later.
    /// </summary>
    [Range(0, 10_000_000)]
    public int SyncFileSystemAbove { get; set; } = 128;

    /// <summary>Whether records end in a CRC of all of them (property <c>__CRC32#</c>, as Apache RocketMQ 5.3 with <c>enabledAppendPropCRC</c>), besides that of the body.</summary>
    public bool RecordCrc { get; set; } = true;

    /// <summary>Whether a record's CRC is checked each time it is read: one that fails is left out.</summary>
    public bool CheckCrcOnRead { get; set; } = true;

    /// <summary>Whether messages may wait for a time of their own. Those that wait already are delivered either way.</summary>
    public bool TimersEnabled { get; set; } = true;

    /// <summary>Time of a slot of the timer wheel: a timer comes at most this much late. Another one makes the next start read the whole log for timers.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan TimerPrecision { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How far ahead a message may wait.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan TimerMaxDelay { get; set; } = TimeSpan.FromDays(60);

    /// <summary>Timers further away are written again after this time, so that they do not hold back the retention of the log.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "6.00:00:00")]
    public TimeSpan TimerRollWindow { get; set; } = TimeSpan.FromDays(2);

    /// <summary>Bytes of a file of the timer log. A directory that has files keeps their size.</summary>
    [Range(128, 1 << 30)]
    public int TimerLogFileSize { get; set; } = 100 << 20;

    /// <summary>Slots of one window of the timer wheel; the file has two windows. Apache RocketMQ only reads files with the default.</summary>
    [Range(64, 10_000_000)]
    public int TimerWheelSlots { get; set; } = 7 * 24 * 3600;

    /// <summary>Timers of one slot beyond which some are refused, and all beyond twice as many.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTimersPerSlot { get; set; } = int.MaxValue;

    /// <summary>Timers that wait at a time; each takes 52 bytes of the timer log.</summary>
    [Range(1, long.MaxValue)]
    public long MaxTimers { get; set; } = 50_000_000;
    /// <summary>Bytes a second that the scrub reads: all that is durable, to find damage. 0 switches it off.</summary>
    [Range(0, 1L << 36)]
    public long ScrubBytesPerSecond { get; set; } = 8 << 20;

    /// <summary>From the start of a pass of the scrub to that of the next.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan ScrubInterval { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Damaged records and queue entries that are remembered and logged; those after them are only counted.</summary>
    [Range(1, 1_000_000)]
    public int MaxDamagesKept { get; set; } = 1024;

    /// <summary>
    /// Whether queue entries get an extension (<c>consumequeue_ext</c>), as Apache RocketMQ writes with
    /// <c>enableConsumeQueueExt</c>. A directory that has one keeps it.
    /// </summary>
    public bool ConsumeQueueExtension { get; set; }

    /// <summary>Bytes of an extension file. A directory that has some keeps their size.</summary>
    [Range(1 << 16, 1 << 30)]
    public int ConsumeQueueExtensionFileSize { get; set; } = 48 << 20;

    /// <summary>Whether recovery checks the CRC of every record it reads.</summary>
    public bool CheckCrcOnRecovery { get; set; } = true;

    /// <summary>Whether opening throws the consume queues and everything else that is built from the log away, and builds it again.</summary>
    public bool Rebuild { get; set; }

    /// <summary>Told how far the log is read while the store opens; without it, lines are logged.</summary>
    public IProgress<RecoveryProgress>? Progress { get; set; }

    /// <summary>How long messages are kept. A segment goes once all its messages are older; the one that is written to stays.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan RetentionTime { get; set; } = TimeSpan.FromHours(72);

    /// <summary>Bytes of the commit log's segments, at most, the one that is written to counted whole; null for no limit.</summary>
    [Range(4096, long.MaxValue)]
    public long? RetentionBytes { get; set; }

    /// <summary>How often retention looks.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Segments that are deleted in one go, at most.</summary>
    [Range(1, 10_000)]
    public int RetentionBatchSegments { get; set; } = 10;

    /// <summary>Pause between two goes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan RetentionBatchPause { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Share of the disk in use above which the oldest segments go before their time; also when there is no room for a
    /// segment, whatever the share is. 1: never before their time.
    /// </summary>
    [Range(0.01, 1.0)]
    public double CleanWatermark { get; set; } = 0.85;

    /// <summary>Share of the disk in use from which appends are refused.</summary>
    [Range(0.01, 1.0)]
    public double RefuseWatermark { get; set; } = 0.90;

    /// <summary>Whether <see cref="CleanWatermark"/> deletes what guards still need. Off: appends are refused instead.</summary>
    public bool ForceDeleteAtWatermark { get; set; }

    /// <summary>How long the tombstone of a removed key of a compacted topic is kept, at least: readers that are further behind do not see it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan CompactionTombstoneTime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Keys of a compacted topic from which brokers refuse records of new ones. A key takes 20 to 24 bytes of memory.</summary>
    [Range(1, 1_000_000_000)]
    public long MaxKeysPerTopic { get; set; } = 10_000_000;

    /// <summary>Files of compacted records that are held open at a time.</summary>
    [Range(4, 100_000)]
    public int MaxOpenCompactedFiles { get; set; } = 256;

    /// <summary>The host that is written into records and offset message ids.</summary>
    public HostAddress StoreHost { get; set; } = HostAddress.Loopback(10911);

    /// <summary>Delays of the levels 1..n, by which entries of the schedule topic are ordered.</summary>
    public IReadOnlyList<TimeSpan> DelayLevels { get; set; } = DefaultDelayLevels;

    /// <summary>1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h.</summary>
    public static IReadOnlyList<TimeSpan> DefaultDelayLevels { get; } =
    [
        .. new[] { 1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200 }
            .Select(seconds => TimeSpan.FromSeconds(seconds)),
    ];
}
