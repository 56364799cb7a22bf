using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Consuming by pop, over the store: puts its parts together, and does what is due.</summary>
internal sealed partial class PopConsumers : IPopConsumers
{
    /// <summary>Longest invisible time, milliseconds: ten years.</summary>
    private const long LongestInvisible = 10L * 365 * 24 * 3600 * 1000;

    /// <summary>After so many looks that found nothing where something was, a wait waits for the next arrival.</summary>
    private const int MostDisappointments = 3;

    private readonly PopTable _table;
    private readonly PopWaits _waits;
    private readonly PopReads _reads;
    private readonly PopSettlements _settlements;
    private readonly PopOrders _orders;
    private readonly Reviver _reviver;
    private readonly ReviveLoad _load;
    private readonly IOffsets _offsets;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<(int QueueId, long Offset)> _ofTimers = new();
    private readonly Func<bool> _isTaken;
    private readonly List<DueNode> _freed = [];
    private readonly ILogger<PopConsumers> _logger;
    private int _sweeping;

    public PopConsumers(MessageStore store, QueueReads reads, MessageIntake intake, BrokerTables tables, IOffsets offsets, TableFile orderFile, BrokerOptions options, BrokerMetrics metrics, BrokerStatistics statistics, TimeProvider time, ILoggerFactory loggers)
    {
        _offsets = offsets;
        _time = time;
        _logger = loggers.CreateLogger<PopConsumers>();
        _isTaken = () => _ofTimers.IsEmpty;
        _table = new PopTable(store, options, time);
        _waits = new PopWaits(options, time);
        _reads = new PopReads(_table, reads, tables.Topics, offsets, tables.Resets, options, metrics, statistics, time);
        _settlements = new PopSettlements(_table, _waits, store, intake, tables.Topics, tables.Settings, offsets, tables.Resets, options, time);
        _reviver = new Reviver(_table, store, tables.Topics, tables.Settings, options, metrics, loggers.CreateLogger<Reviver>());
        _load = new ReviveLoad(_table, store, offsets);
        _orders = new PopOrders(_table, orderFile, tables.Topics, time, loggers.CreateLogger<PopOrders>());
        _load.Run();
        _orders.Load();
        metrics.Observe("broker.pop.checkpoints", "Pops whose messages are not all settled", () => _table.Checkpoints);
        metrics.Observe("broker.pop.in_flight", "Messages popped and not settled", () => _table.InFlight);
        metrics.Observe("broker.pop.waits", "Pops and notifications that wait for messages", () => _waits.Count);
    }

    /// <summary>How many pops are not settled.</summary>
    public int Checkpoints => _table.Checkpoints;

    /// <summary>How many wait.</summary>
    public int Waits => _waits.Count;

    public PopStatus Pop(in PopRequest request, PopAnswer answer)
    {
        PopRequest bounded = request with
        {
            MaxMessages = Math.Clamp(request.MaxMessages, 1, Checkpoint.MostMessages),
            InvisibleTime = Math.Clamp(request.InvisibleTime, 0, LongestInvisible),
        };
        PopStatus status = _reads.Pop(bounded, answer);
        if (request.IsOrdered && answer.Count > 0)
        {
            _orders.Changed();
        }

        if (answer.Count > 0 && answer.Rest > 0 && _table.Find(request.Topic.Name, request.Group.Name) is { } group)
        {
            _waits.WakeOne(group, request.QueueId);
        }

        return status;
    }

    public PopStatus Peek(in PopRequest request, PopAnswer answer) => _reads.Peek(request, answer);

    public bool HasMessages(in PopRequest request) => _reads.HasMessages(request);

    public ValueTask<PopSettleStatus> AckAsync(string group, string topic, int queueId, in ReceiptHandle handle, ReadOnlySpan<long> offsets)
    {
        NoteOrder(handle);
        return _settlements.Ack(group, topic, queueId, handle, offsets);
    }

    public ValueTask<PopExtension> ChangeInvisibleAsync(string group, string topic, int queueId, in ReceiptHandle handle, long offset, long invisibleTime)
    {
        NoteOrder(handle);
        return _settlements.Change(group, topic, queueId, handle, offset, Math.Clamp(invisibleTime, 0, LongestInvisible));
    }

    public PopHold Hold(PopWait wait)
    {
        PopRequest request = wait.Request;
        if (_table.FindOrAdd(request.Topic.Name, request.Group.Name) is not { } group)
        {
            return PopHold.Full;
        }

        bool looksAgain = wait.Disappointed++ < MostDisappointments;
        PopHold hold = _waits.Hold(group, wait);

        // From here on it may have ended already, and be another wait. Whoever waits longest has a look.
        if (hold == PopHold.Held && looksAgain && _reads.HasMessages(request))
        {
            _waits.WakeOne(group, Math.Max(-1, request.QueueId));
        }

        return hold;
    }

    public bool CancelWait(PopWait wait) => _waits.Cancel(wait);

    public int WaitsOf(string group, string topic, int queueId) => _table.Find(topic, group)?.Pops.CountOf(queueId) ?? 0;

    /// <summary>
    /// For each queue with messages that a group popped and did not settle, where the first such pop began: progress is past
    /// them, and they are wanted when they come back.
    /// </summary>
    /// <param name="wanted">Asked of topic and group.</param>
    public IEnumerable<(string Topic, string Group, int QueueId, long Offset)> Open(Func<string, string, bool> wanted)
    {
        foreach (PopGroup group in _table.Groups)
        {
            foreach (PopQueue queue in group.Queues())
            {
                if (queue.InFlight == 0 || !wanted(queue.Topic, group.Group))
                {
                    continue;
                }

                long lowest;
                lock (queue.Lock)
                {
                    lowest = queue.LowestOpen();
                }

                if (lowest >= 0)
                {
                    yield return (queue.Topic, group.Group, queue.QueueId, lowest);
                }
            }
        }
    }

    /// <summary>A record was dispatched: on the dispatcher's thread.</summary>
    public void OnDispatched(in DispatchedMessage message)
    {
        string topic = message.Queue.Topic;
        if (topic.Length == _table.ReviveTopic.Length && topic == _table.ReviveTopic)
        {
            if (ReviveLoad.IsOfTimer(message.Record))
            {
                _ofTimers.Enqueue((message.Queue.QueueId, message.Record.QueueOffset));
            }

            if (message.Queue.QueueId < _table.Accounts.Count)
            {
                _table.Accounts[message.Queue.QueueId].Seen = message.Record.QueueOffset + 1;
            }

            return;
        }

        _waits.Arrived(topic, message.Queue.QueueId, message.TagsCode, message.Record.Properties);
    }

    /// <summary>A batch was dispatched.</summary>
    public void OnBatchEnd() => _waits.Run();

    /// <summary>Does what is due: ends waits, brings messages back, frees ordered queues.</summary>
    public void Sweep()
    {
        if (Interlocked.Exchange(ref _sweeping, 1) != 0)
        {
            return;
        }

        try
        {
            long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            LoadOfTimers();
            _reviver.Run(now);
            _table.Freeings.TakeDue(now, int.MaxValue, _freed);
            foreach (DueNode node in _freed)
            {
                var queue = (PopQueue)node;
                _waits.WakeOne(queue.Owner, queue.QueueId);
            }

            _freed.Clear();
            _waits.Expire(now);
        }
        finally
        {
            Volatile.Write(ref _sweeping, 0);
        }
    }

    /// <summary>Saves progress that may be saved by now. Called before the table of progress is written.</summary>
    public void SaveProgress()
    {
        foreach (PopGroup group in _table.Groups)
        {
            foreach (PopQueue queue in group.Queues())
            {
                if (queue.HasPending)
                {
                    lock (queue.Lock)
                    {
                        queue.CommitKept(_offsets, _table.IsKept);
                    }
                }
            }
        }

        foreach (ReviveQueue account in _table.Accounts)
        {
            if (account.TakeProgress(_table.IsKept, _isTaken) is >= 0 and var settled)
            {
                _offsets.Commit(PopNames.ReviveGroup, _table.ReviveTopic, account.Id, settled);
            }
        }

        _orders.Flush();
    }

    /// <summary>Ends all waits, and takes no more.</summary>
    public void Stop() => _waits.Stop();

    private void LoadOfTimers()
    {
        try
        {
            while (_ofTimers.TryPeek(out (int QueueId, long Offset) record))
            {
                _load.Load(record.QueueId, record.Offset);
                _ofTimers.TryDequeue(out _);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(_logger, error);
        }
    }

    private void NoteOrder(in ReceiptHandle handle)
    {
        if (handle.IsOrdered)
        {
            _orders.Changed();
        }
    }

    [LoggerMessage(EventId = 4024, Level = LogLevel.Warning, Message = "The account of popped messages could not be read; it is tried again")]
    private static partial void LogNotRead(ILogger logger, Exception error);
}
