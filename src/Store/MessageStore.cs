using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Store.Checkpoints;
using ProtoBridgeMQ.Store.Compaction;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Recovery;
using ProtoBridgeMQ.Store.Retention;
using ProtoBridgeMQ.Store.Timers;

namespace ProtoBridgeMQ.Store;

/// <summary>
/// The message store: an append-only commit log, made durable by group commit, then dispatched to consume queues.
/// <code>
///  Append ──► commit log (written) ──► flusher: fsync (durable) ──► dispatcher: queue entries, listeners (dispatched)
///                                          └► waiters of WaitDurableAsync
/// </code>
/// Thread-safe. Nothing is readable beyond <see cref="Dispatched"/>.
/// </summary>
public sealed class MessageStore : IAsyncDisposable
{
    private readonly StoreDirectory _directory;
    private readonly QueueTable _queues;
    private readonly CommitLog _log;
    private readonly SegmentSource _source;
    private readonly ZerosAhead _zeros;
    private readonly DurabilityGate _gate;
    private readonly StoreHealth _health;
    private readonly StoreMetrics _metrics;
    private readonly LogAppender _appender;
    private readonly LogFlusher _flusher;
    private readonly Dispatcher _dispatcher;
    private readonly CheckpointWriter _checkpoints;
    private readonly ProjectionSet _projections;
    private readonly KeyIndex? _index;
    private readonly TimerIndex _timers;
    private readonly CheckedReads _reads;
    private readonly LogScrub _scrub;
    private readonly GuardSet _guards = new();
    private readonly RetentionMetrics _retentionMetrics = new();
    private readonly LogRetention _retention;
    private readonly bool _async;
    private int _disposed;

    private MessageStore(StoreOptions options, IFileSystem files, TimeProvider time, ILogger logger, StoreDirectory directory, CheckpointFile checkpointFile, ProjectionSet projections, KeyIndex? index, CompactedTopics compacted, TimerIndex timers, LightQueues.LightQueues lightQueues, StoreRecovery recovery, IReadOnlyList<IDispatchListener> listeners)
    {
        var state = recovery.Run();
        Options = options;
        Repairs = recovery.Repairs;
        IsAfterCrash = state.WasAborted;
        _directory = directory;
        _projections = projections;
        _index = index;
        LightQueues = lightQueues;
        CompactedTopics = compacted;
        _timers = timers;
        _async = options.FlushMode == FlushMode.Async;
        _queues = state.Queues;
        _log = new CommitLog(state.SegmentSize, [.. state.Segments], state.End);
        _queues.Log = _log;
        _gate = new DurabilityGate(state.End);
        _health = new StoreHealth(logger);
        _metrics = new StoreMetrics();
        var reports = new DamageReports(options, _metrics.Meter, time, logger);
        foreach (var damaged in state.DamagedRecords)
            reports.Record(damaged);
        _reads = new CheckedReads(_log, reports, options.CheckCrcOnRead, () => _dispatcher!.Offset);
        _source = new SegmentSource(files, state.LogDirectory, state.SegmentSize, forWrites: !_async, logger);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var last = Math.Min(state.LastTimestamp, now);
        _zeros = new ZerosAhead(files);
        ILogTail tail = _async ? new MappedTail(_log) : new StagedTail(_zeros);
        _appender = new LogAppender(_log, tail, _source, _queues, _gate, _health, options, time, last, state.NoRoomForTail is not null);
        if (state.NoRoomForTail is { } reason)
            _health.Full(FullCause.Segment, reason);
        var start = new DispatchProgress { Offset = state.End, StoreTimestamp = last, QueueEnds = _queues.Ends };
        _dispatcher = new Dispatcher(_log, new QueueBuilder(_queues), projections, _health, reports, options, time, start, Confirmed, listeners, logger);
        lightQueues.Attach(_log, _dispatcher, _health);
        _flusher = new LogFlusher(_log, tail, _gate, _health, _metrics, options, time, _dispatcher.Confirmed);
        compacted.Attach(_reads, () => _flusher.FlushTo(_log.Written));
        var checkpoint = state.Checkpoint with { RecoverOffset = -1, QueueFileEntries = _queues.Files.FileEntries };
        _checkpoints = new CheckpointWriter(checkpointFile, checkpoint, _dispatcher, _flusher, _queues, projections, index, _health, options.CheckpointInterval, time, logger) { RecoverOffset = state.ScanStart };
        var head = new HeadRemoval(_log, _queues, projections, _checkpoints, files, state.LogDirectory, _retentionMetrics, logger);
        _retention = new LogRetention(options, _log, _queues, _health, _guards, head, _retentionMetrics, files, options.Directory, time, logger);
        var block = new ScrubBlock(_log, new QueueEntryCheck(_queues, reports, _metrics.Meter), reports, files);
        _scrub = new LogScrub(options, _log, block, () => Math.Min(_gate.Durable, _dispatcher.Offset), files, _metrics.Meter, time, logger);
        Integrity = new StoreIntegrity(reports, _scrub);
        _metrics.Observe(() => _log.Written - _gate.Durable, () => _log.Written - _dispatcher.Offset, () => (int)_health.State.Condition, () => _queues.Count, () => _queues.Tails.Bytes);
        if (index is not null)
            _metrics.Observe(index);
        timers.MakeDurable = _flusher.FlushTo;
        Timers = new StoreTimers(this, timers, _metrics, time, logger);
        _guards.Add(Timers);
    }

    /// <summary>The options it was opened with.</summary>
    public StoreOptions Options { get; }

    /// <summary>What was repaired when it was opened; empty after a clean stop.</summary>
    public IReadOnlyList<Repair> Repairs { get; }

    /// <summary>Whether the store was not closed before it was opened: its process was killed, or the machine stopped.</summary>
    public bool IsAfterCrash { get; }

    /// <summary>What is known of damage to what is stored.</summary>
    public StoreIntegrity Integrity { get; }

    /// <summary>This store's own: a process may have several, whose meters have one name.</summary>
    internal Meter Meter => _metrics.Meter;

    /// <summary>What the store can do now, and why. Cheap: health probes call it.</summary>
    public StoreState State => _health.State;

    /// <summary>The topics of which the latest record of each key is kept.</summary>
    public CompactedTopics CompactedTopics { get; }

    /// <summary>Messages that wait for a time of their own. The owner starts their delivery.</summary>
    public StoreTimers Timers { get; }

    /// <summary>Bytes of a commit log segment: those of the directory, else of the options.</summary>
    public int SegmentSize => _log.SegmentSize;

    /// <summary>End of what was written.</summary>
    public WrittenOffset Written => new(_log.Written);

    /// <summary>End of what is on the disk.</summary>
    public DurableOffset Durable => new(_gate.Durable);

    /// <summary>End of what can be read.</summary>
    public DispatchedOffset Dispatched => new(_dispatcher.Offset);

    /// <summary>Where the log begins.</summary>
    public long MinPhysicalOffset => _log.MinOffset;

    /// <summary>Queues that exist, in no order: those that ever had a message, or were asked for. Makes a list.</summary>
    public IReadOnlyList<ConsumeQueue> Queues => [.. _queues.All];

    /// <summary>Light queues: many, named, each a sequence of entries into the log.</summary>
    public LightQueues.LightQueues LightQueues { get; }

    /// <summary>
    /// Opens a store directory (made where it does not exist), repairs what a crash left, and starts the threads.
    /// </summary>
    /// <param name="options">Settings.</param>
    /// <param name="files">The file system; the real one by default.</param>
    /// <param name="time">Clock; the system's by default.</param>
    /// <param name="loggers">Where it logs; nowhere by default.</param>
    /// <param name="listeners">Told of every record dispatched after recovery.</param>
    /// <param name="lightQueueSelector">Says to which light queues a record goes; always the same one for a directory.</param>
    /// <exception cref="StoreUnusableException">Something is wrong that no repair covers; the message says what to do.</exception>
    public static MessageStore Open(
        StoreOptions options,
        IFileSystem? files = null,
        TimeProvider? time = null,
        ILoggerFactory? loggers = null,
        IReadOnlyList<IDispatchListener>? listeners = null,
        ILightQueueSelector? lightQueueSelector = null)
    {
        files ??= PhysicalFileSystem.Instance;
        time ??= TimeProvider.System;
        var logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("ProtoBridgeMQ.Store");
        StoreDirectory? directory = null;
        StoreRecovery? recovery = null;
        try
        {
            directory = new StoreDirectory(files, options.Directory, logger);
            directory.BeginRun();
            var checkpointFile = new CheckpointFile(files, options.Directory);
            var index = options.IndexEnabled ? new KeyIndex(options, files, time) : null;
            var compacted = new CompactedTopics(files, options, time, logger);
            var timers = new TimerIndex(options, files, time);
            var lightQueues = ProtoBridgeMQ.Store.LightQueues.LightQueues.Of(options, files, lightQueueSelector);
            var projections = new ProjectionSet(index is null ? [compacted, timers, lightQueues.Projection] : [index, compacted, timers, lightQueues.Projection]);
            recovery = new StoreRecovery(options, files, checkpointFile, projections, directory.WasAborted, time, logger);
            var store = new MessageStore(options, files, time, logger, directory, checkpointFile, projections, index, compacted, timers, lightQueues, recovery, listeners ?? []);
            store.Start();
            return store;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            directory?.Dispose();
            throw new StoreUnusableException($"The store directory '{options.Directory}' could not be opened. Look at the disk and at the rights of the directory, then start again: {error.Message}", error);
        }
        catch
        {
            // Refused with nothing changed: the next start finds what this one found.
            if (directory is { WasAborted: false } && recovery is { Repairs.Count: 0 })
                directory.EndRun(isClean: true);
            directory?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes one message into the log. Synchronous: copies under one short lock, waits for no disk (but where a segment
    /// is full and the next one not ready), throws nothing. Acknowledge only after <see cref="WaitDurableAsync"/> for its end.
    /// </summary>
    public AppendResult Append(in MessageToStore message) => Note(_appender.Append(message));

    /// <summary>
    /// Writes the messages of a batch body (see <see cref="ProtoBridgeMQ.Remoting.Messages.BatchBody"/>) one after the
    /// other, nothing in between, or none of them; a crash before they are durable may leave the first ones. <see cref="MessageToStore.Body"/> is the batch body;
    /// <see cref="MessageToStore.Properties"/> are added to those of each message.
    /// </summary>
    public AppendResult AppendBatch(in MessageToStore batch) => Note(_appender.AppendBatch(batch));

    /// <summary>
    /// Completes once everything before <paramref name="end"/> is as durable as <see cref="StoreOptions.FlushMode"/>
    /// promises, at once in async mode. The end is one that an append of this store gave. Await it exactly once. Waiters of one flush are completed in their order by one
    /// thread-pool work item: continuations must not block.
    /// </summary>
    public ValueTask<DurabilityStatus> WaitDurableAsync(WrittenOffset end) =>
        _async ? new(_health.State.Condition == StoreCondition.ReadOnly ? DurabilityStatus.Failed : DurabilityStatus.Durable) : _gate.WaitAsync(end.Value);

    /// <summary>The queue, making it in memory where it does not exist; null when a limit forbids that.</summary>
    public ConsumeQueue? GetQueue(string topic, int queueId) => _queues.GetOrAdd(Encoding.UTF8.GetBytes(topic), queueId);

    /// <summary>The queue, if it exists.</summary>
    public bool TryGetQueue(string topic, int queueId, [NotNullWhen(true)] out ConsumeQueue? queue) =>
        TryGetQueue(Encoding.UTF8.GetBytes(topic), queueId, out queue);

    /// <summary>The queue, if it exists; by the topic in UTF-8, without allocating.</summary>
    public bool TryGetQueue(ReadOnlySpan<byte> topic, int queueId, [NotNullWhen(true)] out ConsumeQueue? queue) =>
        _queues.TryGet(topic, queueId, out queue);

    /// <summary>
    /// Leases the record of an entry of a queue. It is the one that the queue means, and has its CRC
    /// (<see cref="StoreOptions.CheckCrcOnRead"/>). The lease is empty unless the answer is <see cref="EntryReading.Found"/>.
    /// </summary>
    public EntryReading ReadRecord(ConsumeQueue queue, long queueOffset, in QueueEntry entry, out RecordLease lease) =>
        _reads.Read(queue, queueOffset, entry, out lease);

    /// <summary>
    /// As <see cref="ReadRecord(ConsumeQueue, long, in QueueEntry, out RecordLease)"/>, for records that are read together:
    /// the lease is valid until <paramref name="hold"/> lets go.
    /// </summary>
    public EntryReading ReadRecord(ConsumeQueue queue, long queueOffset, in QueueEntry entry, SegmentHold hold, out RecordLease lease) =>
        _reads.Read(queue, queueOffset, entry, out lease, hold);

    /// <summary>
    /// The places of the records of entries that follow one another in a queue, from <paramref name="queueOffset"/> on, valid
    /// until <paramref name="hold"/> lets go; how many. Each is the one that the queue means, and has its CRC
    /// (<see cref="StoreOptions.CheckCrcOnRead"/>). Fewer than there are entries at the end of a segment (ask again for the
    /// rest), and before an entry that has to be asked for by itself; 0 says that the first one is such.
    /// </summary>
    public int ReadRecords(ConsumeQueue queue, long queueOffset, ReadOnlySpan<QueueEntry> entries, SegmentHold hold, Span<RecordPlace> places) =>
        _reads.Read(queue, queueOffset, entries, hold, places);

    /// <summary>
    /// Leases the record at a physical offset, as a queue entry says. An empty lease when it is not in the log (any
    /// more), is beyond <see cref="Dispatched"/>, does not have that size, or is damaged.
    /// </summary>
    public RecordLease ReadRecord(long physicalOffset, int size) => _reads.Read(physicalOffset, size);

    /// <summary>Leases the record at a physical offset whose size is not known (as in an offset message id).</summary>
    public RecordLease ReadRecord(long physicalOffset) => _reads.Read(physicalOffset, -1);

    /// <summary>Whether the record of an entry can be read only in a moment: a queue's end moves before <see cref="Dispatched"/> does.</summary>
    public bool IsAhead(in QueueEntry entry) => _reads.IsAhead(entry);

    /// <summary>
    /// Finds messages by topic and key, newest first: those whose record has that key, not only its hash. Messages that
    /// were dispatched before the call are found. Reads the index and the records it leads to on the caller's thread.
    /// </summary>
    public KeyQueryResult FindByKey(in KeyQuery query) =>
        _index is null ? new KeyQueryResult(KeyQueryStatus.Disabled, [], 0, 0) : _index.Find(query, new KeyMatch(this, query).IsMatch);

    /// <summary>A reader of the log from a physical offset of a record on: <see cref="MinPhysicalOffset"/>, or <see cref="Dispatched"/> for what comes.</summary>
    public LogReader OpenReader(long position) => new(_log, _reads, () => _dispatcher.Offset, position);

    /// <summary>Adds a listener; records dispatched after the call are told to it.</summary>
    public void AddListener(IDispatchListener listener) => _dispatcher.Add(listener);

    /// <summary>Takes a listener away; it may be told of records of the batch in hand still.</summary>
    public void RemoveListener(IDispatchListener listener) => _dispatcher.Remove(listener);

    /// <summary>Adds somebody who still needs records. Owners add theirs before retention starts.</summary>
    public void AddGuard(IRetentionGuard guard) => _guards.Add(guard);

    /// <summary>Takes a guard away: what it held may be deleted by the next pass.</summary>
    public void RemoveGuard(IRetentionGuard guard) => _guards.Remove(guard);

    /// <summary>Adds guards that come and go.</summary>
    public void AddGuards(IRetentionGuardSource source) => _guards.Add(source);

    /// <summary>Takes a source of guards away.</summary>
    public void RemoveGuards(IRetentionGuardSource source) => _guards.Remove(source);

    /// <summary>
    /// Begins to delete what is not wanted any more, with a pass before it returns. Nothing is deleted before: who needs
    /// records adds its guard first.
    /// </summary>
    /// <param name="topics">Topics with a retention time of their own.</param>
    public void StartRetention(ITopicRetention? topics = null)
    {
        _retention.Topics = topics;
        _retention.Start();
    }

    /// <summary>Makes a pass of retention now; true when there may be more to delete. For tests and tools.</summary>
    public bool Retain() => _retention.Pass();

    /// <summary>
    /// Deletes the segments that end at or before a physical offset, but never the last one. Without
    /// <paramref name="force"/> what guards need stays. With it readers find a gap, and are told how many messages it has.
    /// </summary>
    public DeleteOutcome DeleteBefore(long physicalOffset, bool force = false) => _retention.DeleteBefore(physicalOffset, force);

    /// <summary>The disk of the log, as the last pass of retention saw it.</summary>
    public DiskRoom Room => _retention.Room;

    /// <summary>
    /// Messages of a topic before a physical offset are not served any more, until the store is opened again. Their bytes go
    /// with their segments; the topic's offsets go on where they are.
    /// </summary>
    public void Forget(string topic, long physicalOffset) => _retention.Forget(topic, physicalOffset);

    /// <summary>Completes once everything appended so far can be read, or the store failed or closed.</summary>
    public ValueTask<DurabilityStatus> WaitDispatchedAsync() => _dispatcher.WaitAsync(_log.Written);

    /// <summary>Writes a checkpoint now; false when the disk failed. It writes itself every <see cref="StoreOptions.CheckpointInterval"/>.</summary>
    public bool WriteCheckpoint() => _checkpoints.Write();

    /// <summary>
    /// Clean stop: flushes, dispatches, writes the checkpoint, removes the abort file. After a failure the abort file
    /// stays, so that the next start looks at everything.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await Timers.DisposeAsync().ConfigureAwait(false);
        Close();
    }

    private void Start()
    {
        _flusher.Start();
        _dispatcher.Start();
        _checkpoints.Write();
    }

    private void Close()
    {
        _appender.Close();
        _scrub.Dispose();
        _retention.Dispose();
        _flusher.Dispose();
        _dispatcher.Dispose();
        var isClean = _checkpoints.Write() && _checkpoints.RecoverOffset == _dispatcher.Offset && !_health.IsClosedForWrites;
        isClean = isClean && _timers.TryFlush();
        _checkpoints.Dispose();
        _health.Stop();
        _metrics.Dispose();
        _retentionMetrics.Dispose();
        _source.Close();
        _zeros.Close();
        _projections.Dispose();
        _log.Close();
        _queues.Files.Dispose();
        _directory.EndRun(isClean);
        _directory.Dispose();
    }

    private long Confirmed() => _async ? _log.Written : _gate.Durable;

    private AppendResult Note(AppendResult result)
    {
        if (result.Status != AppendStatus.Appended)
        {
            _metrics.Refused(result.Status);
            return result;
        }

        _metrics.Appended(result.Count, result.Size);
        _flusher.Appended();
        if (_async)
            _dispatcher.Confirmed();
        return result;
    }
}
