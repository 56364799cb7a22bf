using System.Net;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.LongPolling;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Registration;
using ProtoBridgeMQ.Broker.Retention;
using ProtoBridgeMQ.Broker.Settings;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Broker.Timers;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Compaction;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The broker over a message store. Opening recovers; disposing is the clean stop.</summary>
public sealed class BrokerCore : IBrokerCore, IAsyncDisposable
{
    /// <summary>How often waits, members and leases are looked at for their ends.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(100);

    private readonly MessageStore _store;
    private readonly BrokerTables _tables;
    private readonly DelayDelivery _delays;
    private readonly ArrivalTable _arrivals;
    private readonly Tails _tails;
    private readonly MessageIntake _intake;
    private readonly Recalls _recalls;
    private readonly SendBacks _sendBacks;
    private readonly QueueReads _reads;
    private readonly KeyQueries _queries;
    private readonly PopConsumers _pops;
    private readonly DispatchWakeUp _wakeUp;
    private readonly Func<string, int, long, bool> _isReadable;
    private readonly ITimer _sweeper;
    private readonly ITimer _flusher;
    private readonly TimeProvider _time;
    private long _membersSweptAt;
    private int _stopped;

    private BrokerCore(BrokerOptions options, IPEndPoint storeHost, MessageStore store, BrokerTables tables, BrokerSettings settings, FilterSelector filters, DelayLevels levels, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        StoreHost = storeHost;
        _store = store;
        _tables = tables;
        _time = time;
        OffsetCorrection.Apply(tables.Offsets, tables.Topics, store, loggers.CreateLogger(typeof(OffsetCorrection)));
        _delays = new DelayDelivery(store, levels, tables.DelayFile, Metrics, time, loggers.CreateLogger<DelayDelivery>());
        _arrivals = new ArrivalTable(options.MaxHeldPulls, time);
        _tails = new Tails(store);
        Statistics = new BrokerStatistics(options, Metrics, time);
        Transactions = new TransactionService(store, tables, options, Metrics.Meter, Statistics, time, loggers.CreateLogger<TransactionService>());
        _intake = new MessageIntake(store, levels, Transactions, options, Metrics, Statistics, time);
        _recalls = new Recalls(_intake, options, time);
        _sendBacks = new SendBacks(store, _intake, tables.Topics, tables.Consumers, options, Metrics, Statistics);
        _reads = new QueueReads(store, tables.Topics, options);
        _queries = new KeyQueries(store, options);
        FilterQueues = new FilterQueueTable(store, filters, time);
        Offsets = new OffsetBook(tables.Offsets, tables.Resets, store, options);
        Settings = settings;
        Routes = new TopicRoutes(options, time);
        Desk = new BrokerAdministration(this, time);
        Deletion = new TopicDeletion(store, tables, options, Statistics);
        Deletion.Restore();
        _isReadable = _reads.IsReadable;
        _pops = new PopConsumers(store, _reads, _intake, tables, Offsets, tables.OrderFile, options, Metrics, Statistics, time, loggers);
        _wakeUp = new DispatchWakeUp(_arrivals, _tails, _delays, _pops);
        store.AddListener(_wakeUp);
        KeepCompacted();
        store.AddGuard(_delays);
        store.AddGuards(new ProtectedGroups(options.ProtectedGroups, store, tables, _pops));
        _delays.Start();
        Transactions.Start();
        store.Timers.Start();
        _membersSweptAt = time.GetTimestamp();
        _sweeper = time.CreateTimer(static core => ((BrokerCore)core!).Sweep(), this, SweepInterval, SweepInterval);
        _flusher = time.CreateTimer(static core => ((BrokerCore)core!).FlushTables(), this, options.OffsetFlushInterval, options.OffsetFlushInterval);
        settings.Changed += new SettingEffects(options, store, tables, _flusher).Apply;
        Metrics.Observe("broker.offsets.reset", "Queues of groups whose progress was set and that were not read since", () => tables.Resets.Count);
        Metrics.Observe("broker.topics.deleted", "Deleted topics that have messages in the log still, as far as is known", () => tables.Deleted.All.Count);
        Metrics.Observe("broker.sends.waiting", "Sends whose answer waits for the disk", () => _intake.Waiting);
        Metrics.Observe("broker.pulls.held", "Pulls that wait for messages", () => _arrivals.Held);
        Metrics.Observe("broker.group.members", "Members of consumer groups", () => tables.Consumers.MemberCount);
        Metrics.Observe("broker.producers", "Producers known by heartbeats", () => tables.Producers.Count);
        Metrics.Observe("broker.topics", "Topics", () => tables.Topics.Count);
        Metrics.Observe("broker.filters.known", "SQL92 filters at hand", () => tables.Compiler.Known);
        Metrics.ObserveTotal("broker.filters.refused", "SQL92 expressions refused, each time they were read", () => tables.Compiler.Refused);
        Metrics.Observe("broker.filters.groups", "SQL92 expressions of groups that are kept", () => tables.Filters.Count);
        Metrics.Observe("broker.subscriptions.different", "Topics of groups whose members want different things of them", () => tables.Watch.Count);
        Metrics.Observe("broker.routes", "Topics of which is kept which queues other brokers have", () => Routes.Count);
        Metrics.Observe("broker.tails", "Open tails of the commit log", () => _tails.Count);
        new RocketMqMetrics(this, Metrics.Meter).Observe();
        store.StartRetention(new TopicLimits(tables.Topics));
    }

    /// <inheritdoc/>
    public BrokerOptions Options { get; }

    /// <inheritdoc/>
    public IPEndPoint StoreHost { get; }

    /// <inheritdoc/>
    public ITopics Topics => _tables.Topics;

    /// <inheritdoc/>
    public IGroups Groups => _tables.Consumers;

    /// <inheritdoc/>
    public IBrokerAdministration Administration => Desk;

    /// <inheritdoc/>
    public FilterCompiler Filters => _tables.Compiler;

    /// <inheritdoc/>
    public ProducerTable Producers => _tables.Producers;

    /// <inheritdoc/>
    public IPopConsumers Pop => _pops;

    /// <inheritdoc/>
    public IFilterQueueTable FilterQueues { get; }

    /// <inheritdoc/>
    public IOffsets Offsets { get; }

    /// <summary>What it counts.</summary>
    public BrokerMetrics Metrics { get; } = new();

    /// <summary>The settings that can be changed at run time.</summary>
    public BrokerSettings Settings { get; }

    /// <summary>The same, for those who tell it what they count.</summary>
    internal BrokerAdministration Desk { get; }

    /// <summary>Which queues other brokers have.</summary>
    internal TopicRoutes Routes { get; }

    /// <summary>Takes topics away.</summary>
    internal TopicDeletion Deletion { get; }

    /// <summary>What it counts by topic and group.</summary>
    public BrokerStatistics Statistics { get; }

    /// <inheritdoc/>
    public BrokerStatus Status
    {
        get
        {
            StoreState state = _store.State;
            return new BrokerStatus(state.CanAppend, state.CanRead, state.Reason);
        }
    }

    /// <summary>How many waits for messages are held now.</summary>
    public int HeldWaits => _arrivals.Held;

    /// <summary>How many messages wait for their time, less recalls.</summary>
    public long WaitingTimers => _store.Timers.Pending;

    /// <summary>Transactions of producers.</summary>
    internal TransactionService Transactions { get; }

    /// <summary>The tables that handlers of this broker look into beyond <see cref="IBrokerCore"/>.</summary>
    internal BrokerTables Tables => _tables;

    /// <summary>The store below.</summary>
    internal MessageStore Store => _store;

    /// <summary>The address in records and ids, as records have it.</summary>
    internal HostAddress StoreHostAddress => _store.Options.StoreHost;

    /// <summary>Opens the store directory, recovers, reads the tables and starts.</summary>
    /// <exception cref="StoreUnusableException">Something is wrong that no repair covers; the message says what to do.</exception>
    public static BrokerCore Open(BrokerOptions options, IPEndPoint storeHost, TimeProvider time, ILoggerFactory loggers, IFileSystem files, IProgress<RecoveryProgress>? progress = null)
    {
        DelayLevels levels = DelayLevels.Parse(options.MessageDelayLevel);
        BrokerTables.Check(options, files, levels.Count, loggers);
        BrokerSettings settings = BrokerTables.LoadSettings(options, files, time);
        var filters = new FilterSelector(options);
        MessageStore store = MessageStore.Open(
            new StoreOptions
            {
                Directory = options.DataDirectory,
                SegmentSize = options.CommitLogFileSize,
                MaxBodySize = options.MaxBodySize,
                FlushMode = options.Flush,
                MaxUnflushedBytes = Math.Max(1 << 16, options.MaxUndurableBytes),
                MaxQueuesPerTopic = Math.Max(options.MaxQueuesPerTopic, levels.Count),
                MaxQueues = options.MaxQueues,
                StoreHost = HostAddress.From(storeHost),
                CompactionTombstoneTime = options.CompactionTombstoneTime,
                MaxKeysPerTopic = options.MaxKeysPerTopic,
                MaxOpenCompactedFiles = options.MaxOpenCompactedFiles,
                DelayLevels = levels.All,
                RetentionTime = options.RetentionTime,
                RetentionBytes = options.RetentionBytes == 0 ? null : options.RetentionBytes,
                RetentionInterval = options.RetentionInterval,
                RetentionBatchSegments = options.RetentionBatchSegments,
                RetentionBatchPause = options.RetentionBatchPause,
                CleanWatermark = options.CleanWatermark,
                RefuseWatermark = options.RefuseWatermark,
                ForceDeleteAtWatermark = options.ForceDeleteAtWatermark,
                TimersEnabled = options.TimersEnabled,
                TimerPrecision = options.TimerPrecision,
                TimerMaxDelay = options.TimerMaxDelay,
                TimerRollWindow = options.TimerRollWindow,
                MaxTimersPerSlot = options.MaxTimersPerSlot,
                MaxTimers = options.MaxTimers,
                RecordCrc = options.RecordCrc,
                CheckCrcOnRead = options.CheckCrcOnRead,
                ConsumeQueueExtension = options.ConsumeQueueExtension,
                ConsumeQueueExtensionFileSize = options.ConsumeQueueExtensionFileSize,
                ScrubBytesPerSecond = options.ScrubBytesPerSecond,
                ScrubInterval = options.ScrubInterval,
                Rebuild = options.Rebuild,
                IndexEnabled = options.IndexEnabled,
                IndexSlots = options.IndexSlots,
                IndexEntries = options.IndexEntries,
                MaxIndexQueries = options.MaxQueries,
                MaxIndexQueryResults = options.MaxQueryMessages,
                MaxIndexQuerySteps = options.MaxQueryEntries,
                MaxMappedIndexFiles = options.MaxMappedIndexFiles,
                MultiDispatch = options.MultiDispatch,
                MaxLightQueues = options.MaxLightQueues,
                MaxLightQueueEntries = options.MaxLightQueueEntries,
                MaxLightQueueBytes = options.MaxLightQueueBytes,
                LightQueueFileSize = options.LightQueueFileSize,
                Progress = progress,
            },
            files,
            time,
            loggers,
            lightQueueSelector: filters);
        var tables = new BrokerTables(options, files, time, loggers);
        return new BrokerCore(options, storeHost, store, tables, settings, filters, levels, time, loggers);
    }

    /// <inheritdoc/>
    public ValueTask<SendOutcome> SendAsync(in SendRequest request) =>
        request.Topic.IsRetry ? _sendBacks.SendToRetry(request) : _intake.Send(request);

    /// <inheritdoc/>
    public ValueTask<SendOutcome> SendBatchAsync(in SendRequest request) => request.Topic.IsRetry
        ? _intake.Refuse(new SendOutcome(SendStatus.BodyInvalid, Remark: $"batch request does not support retry group {request.Topic.Name}"))
        : _intake.SendBatch(request);

    /// <inheritdoc/>
    public ValueTask<SendOutcome> SendBackAsync(in SendBackRequest request) => _sendBacks.SendBack(request);

    /// <inheritdoc/>
    public ValueTask<EndOutcome> EndTransactionAsync(in TransactionEnd end) => Transactions.EndAsync(end);

    /// <inheritdoc/>
    public ValueTask<SendOutcome> RecallAsync(in RecallRequest request) => _recalls.Recall(request);

    /// <inheritdoc/>
    public async ValueTask WaitReadableAsync() => await Store.WaitDispatchedAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public ReadOutcome Read(in ReadRequest request, RecordBatch batch)
    {
        ReadOutcome outcome = _reads.Read(request, batch);
        if (outcome.Count > 0)
        {
            Metrics.Sent(outcome.Count, outcome.Bytes);
            if (request.Group is { } group)
            {
                Statistics.GroupGet(request.Topic, group, outcome.Count, outcome.Bytes);
            }
        }

        return outcome;
    }

    /// <inheritdoc/>
    public ReadOutcome Read(in ReadRequest request, IRecordSink sink)
    {
        using var batch = new RecordBatch();
        ReadOutcome outcome = Read(request, batch);
        int bytes = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<byte> record = batch[i];
            MessageRecord.TryRead(record, out MessageRecord view);
            if (!sink.Accept(batch.QueueOffset(i), view.PhysicalOffset, record))
            {
                return outcome with { Count = i, Bytes = bytes, NextOffset = batch.QueueOffset(i) };
            }

            bytes += record.Length;
        }

        return outcome;
    }

    /// <inheritdoc/>
    public bool ReadRecord(long physicalOffset, IRecordSink sink)
    {
        if (physicalOffset < 0)
        {
            return false;
        }

        using RecordLease lease = _store.ReadRecord(physicalOffset);
        return !lease.IsEmpty && Accept(lease, sink);
    }

    /// <inheritdoc/>
    public bool ReadLatest(string topic, int queueId, ReadOnlySpan<byte> key, IRecordSink sink)
    {
        if (!_store.CompactedTopics.TryGetLatest(topic, queueId, key, out RecordLease lease))
        {
            return false;
        }

        using (lease)
        {
            return Accept(lease, sink);
        }
    }

    /// <inheritdoc/>
    public long ReadAllLatest(string topic, int queueId, IRecordSink sink)
    {
        if (!_store.CompactedTopics.TryGetQueue(topic, queueId, out CompactedQueue? queue))
        {
            return 0;
        }

        long count = 0;
        LatestRecords records = queue.OpenLatest();
        while (records.TryReadNext(out RecordLease lease))
        {
            using (lease)
            {
                if (!Accept(lease, sink))
                {
                    break;
                }
            }

            count++;
        }

        return count;
    }

    /// <inheritdoc/>
    public QueryOutcome Query(in QueryRequest request, RecordBatch batch) => _queries.Query(request, batch);

    /// <summary>Whether the first message of a queue is still among the newest of the log, as much as would fit in memory.</summary>
    internal bool IsFirstMessageRecent(string topic, int queueId) => _reads.IsFirstRecent(topic, queueId);

    /// <summary>When the message at an offset of a queue was stored; -1 without one.</summary>
    internal long StoreTimeAt(string topic, int queueId, long offset) => _reads.StoreTimeAt(topic, queueId, offset);

    /// <summary>Has the waits of a queue look again: what they wait for is another now.</summary>
    internal void Wake(string topic, int queueId) => _arrivals.Wake(topic, queueId);

    /// <summary>When the first record of the log was stored; -1 without one.</summary>
    internal long EarliestRecordTime()
    {
        using RecordLease lease = _store.ReadRecord(_store.MinPhysicalOffset);
        return !lease.IsEmpty && lease.TryRead(out MessageRecord record) ? record.StoreTimestamp : -1;
    }

    /// <summary>The disk as retention saw it last; null before.</summary>
    internal DiskRoom? DiskRoom() => _store.Room is { Used: > 0 } room ? room : null;

    /// <summary>How far delayed messages of each level are delivered, as its file has it.</summary>
    internal ReadOnlyMemory<byte> DelayText() => _delays.Text();

    /// <summary>The next offset of a delay level's queue to deliver, from level 1.</summary>
    internal long DelayOffsetOf(int level) => _delays.OffsetOf(level);

    /// <summary>When the first message of a queue was stored; -1 without one.</summary>
    internal long EarliestStoreTime(string topic, int queueId) => _reads.EarliestStoreTime(topic, queueId);

    /// <inheritdoc/>
    public bool Hold(ArrivalWait wait)
    {
        if (Topics.Find(wait.Topic) is not { } topic || (uint)wait.QueueId >= (uint)topic.ReadQueues)
        {
            return false;
        }

        bool held = _arrivals.Hold(wait, _isReadable);
        if (!held)
        {
            Metrics.PullRefused();
        }

        return held;
    }

    /// <inheritdoc/>
    public bool CancelWait(ArrivalWait wait) => _arrivals.Cancel(wait);

    /// <inheritdoc/>
    public ICommitLogTail OpenTail() => _tails.Open();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        await _sweeper.DisposeAsync();
        await _flusher.DisposeAsync();
        Statistics.Dispose();
        _arrivals.Stop();
        _pops.Stop();
        _tails.Stop();
        await _delays.DisposeAsync();
        await Transactions.DisposeAsync();
        await _store.Timers.DisposeAsync();
        _store.RemoveListener(_wakeUp);
        FlushTables();
        _tables.Topics.Dispose();
        await _store.DisposeAsync();
        Metrics.Dispose();
    }

    /// <summary>The store is told of compacted topics before their table is written: it never deletes what it should have kept.</summary>
    private void KeepCompacted()
    {
        foreach (BrokerTopic topic in Topics.All())
        {
            Prepare(topic);
        }

        _tables.Topics.Preparing = Prepare;
        _tables.Topics.Changed += topic =>
        {
            if (topic.IsCompacted && Topics.Find(topic.Name) is null)
            {
                _store.CompactedTopics.Remove(topic.Name);
            }
        };
    }

    private void Prepare(BrokerTopic topic)
    {
        if (topic.IsCompacted)
        {
            _store.CompactedTopics.Add(topic.Name);
        }
    }

    private static bool Accept(in RecordLease lease, IRecordSink sink) =>
        lease.TryRead(out MessageRecord record) && sink.Accept(record.QueueOffset, record.PhysicalOffset, lease.Span);

    private void Sweep()
    {
        _arrivals.Expire();
        _pops.Sweep();
        if (_time.GetElapsedTime(_membersSweptAt) > TimeSpan.FromSeconds(1))
        {
            _membersSweptAt = _time.GetTimestamp();
            _tables.Consumers.Sweep();
            _tables.Producers.Expire();
        }
    }

    private void FlushTables()
    {
        Transactions.Flush();
        _pops.SaveProgress();
        _tables.OffsetFlush.Flush();
        _tables.Filters.Flush();
        _delays.Flush();
    }
}
