using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>
/// The damage that was met: each piece is counted and logged once, whoever meets it how often. Keeps a limited number; what
/// comes after that is counted each time it is met, and not logged.
/// </summary>
internal sealed partial class DamageReports
{
    private readonly int _most;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Counter<long> _counter;
    private readonly Lock _lock = new();
    private readonly HashSet<long> _records = [];
    private readonly HashSet<(ConsumeQueue Queue, long Offset)> _entries = [];
    private readonly List<Damage> _known = [];
    private long _count;

    public DamageReports(StoreOptions options, Meter meter, TimeProvider time, ILogger logger)
    {
        _most = options.MaxDamagesKept;
        _time = time;
        _logger = logger;
        _counter = meter.CreateCounter<long>("protobridge.store.damaged", "{piece}", "Damaged records and queue entries met, by kind and finder");
    }

    /// <summary>How many were met.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Those that are kept, in the order in which they were met.</summary>
    public IReadOnlyList<Damage> Known
    {
        get
        {
            lock (_lock)
                return [.. _known];
        }
    }

    /// <summary>Whether the record at an offset is known to be damaged.</summary>
    public bool IsKnown(long physicalOffset)
    {
        if (Count == 0)
            return false;
        lock (_lock)
            return _records.Contains(physicalOffset);
    }

    /// <summary>A damaged record of which a queue knows.</summary>
    public void Record(DamageFinder by, long physicalOffset, ConsumeQueue queue, long queueOffset) =>
        Take(DamageKind.Record, by, physicalOffset, queue, queue.Topic, queue.QueueId, queueOffset);

    /// <summary>A damaged record that recovery met.</summary>
    public void Record(in DamagedPlace damaged) =>
        Take(DamageKind.Record, DamageFinder.Recovery, damaged.PhysicalOffset, null, damaged.Topic, damaged.QueueId, damaged.QueueOffset);

    /// <summary>Bytes that are no record any more.</summary>
    public void Record(DamageFinder by, long physicalOffset) => Take(DamageKind.Record, by, physicalOffset, null, null, -1, -1);

    /// <summary>A damaged record whose lengths are intact: what it says of its queue may be wrong.</summary>
    public void Record(DamageFinder by, long physicalOffset, in MessageRecord record)
    {
        if (!IsKnown(physicalOffset))
            Take(DamageKind.Record, by, physicalOffset, null, record.TopicString, record.QueueId, record.QueueOffset);
    }

    /// <summary>A queue entry that does not say where its message is.</summary>
    public void Entry(DamageFinder by, ConsumeQueue queue, long queueOffset, long pointsTo) =>
        Take(DamageKind.QueueEntry, by, pointsTo, queue, queue.Topic, queue.QueueId, queueOffset);

    private void Take(DamageKind kind, DamageFinder by, long physicalOffset, ConsumeQueue? queue, string? topic, int queueId, long queueOffset)
    {
        lock (_lock)
        {
            if (_known.Count >= _most)
            {
                if (kind == DamageKind.Record ? _records.Contains(physicalOffset) : _entries.Contains((queue!, queueOffset)))
                    return;
                Count1(kind, by);
                return;
            }

            if (!(kind == DamageKind.Record ? _records.Add(physicalOffset) : _entries.Add((queue!, queueOffset))))
                return;
            _known.Add(new Damage(kind, by, physicalOffset, topic, queueId, queueOffset, _time.GetUtcNow()));
            Count1(kind, by);
        }

        if (kind == DamageKind.Record)
            LogRecord(physicalOffset, topic ?? "?", queueId, queueOffset, by);
        else
            LogEntry(queueOffset, topic!, queueId, physicalOffset, by);
    }

    private void Count1(DamageKind kind, DamageFinder by)
    {
        _count++;
        _counter.Add(1, new KeyValuePair<string, object?>("kind", kind.ToString()), new KeyValuePair<string, object?>("finder", by.ToString()));
    }

    [LoggerMessage(EventId = 2006, Level = LogLevel.Error, Message = "The record at offset {PhysicalOffset} of the commit log is damaged and left out (queue {Topic}/{QueueId}, offset {QueueOffset}; found by {By}). Restore it from a copy, or look after the disk")]
    private partial void LogRecord(long physicalOffset, string topic, int queueId, long queueOffset, DamageFinder by);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Error, Message = "Entry {QueueOffset} of queue {Topic}/{QueueId} is damaged (it points to {PhysicalOffset}; found by {By}); its message is looked for in the commit log")]
    private partial void LogEntry(long queueOffset, string topic, int queueId, long physicalOffset, DamageFinder by);
}
