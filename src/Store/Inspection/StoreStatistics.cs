using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>Numbers of one queue.</summary>
public sealed record QueueStatistics
{
    /// <summary>Topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Queue in the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>Offset of the first message that is in the log.</summary>
    public long MinOffset { get; set; }

    /// <summary>Offset after the last one.</summary>
    public long MaxOffset { get; set; }

    /// <summary>Messages that are in the log.</summary>
    public long Messages { get; set; }

    /// <summary>Bytes of their records.</summary>
    public long Bytes { get; set; }

    /// <summary>Store time of the first one, Unix milliseconds; 0 without.</summary>
    public long FirstStoreTime { get; set; }

    /// <summary>Store time of the last one.</summary>
    public long LastStoreTime { get; set; }
}

/// <summary>A large record.</summary>
public readonly record struct LargeRecord(int Size, long PhysicalOffset, string Topic, int QueueId, long QueueOffset);

/// <summary>Numbers of a store.</summary>
public sealed record StatisticsReport
{
    /// <summary>Every record was read; else the queues said it.</summary>
    public required bool IsExact { get; init; }

    /// <summary>Files of the commit log.</summary>
    public int Segments { get; init; }

    /// <summary>Their bytes.</summary>
    public long SegmentBytes { get; init; }

    /// <summary>Where the log begins.</summary>
    public long LogStart { get; init; }

    /// <summary>Where it ends; by the queues: the end of the last record that a queue knows.</summary>
    public long LogEnd { get; set; }

    /// <summary>Records without a queue entry: half and rolled back messages. Only when exact.</summary>
    public long WithoutQueue { get; set; }

    /// <summary>Queues in the order of their names.</summary>
    public List<QueueStatistics> Queues { get; } = [];

    /// <summary>The largest records, largest first.</summary>
    public List<LargeRecord> Largest { get; } = [];
}

/// <summary>Counts a store: from its queues, which is one read of their entries, or from every record.</summary>
public sealed class StoreStatistics
{
    private readonly StoreFiles _store;
    private readonly int _largest;
    private readonly PriorityQueue<LargeRecord, int> _large = new();

    /// <param name="store">The directory.</param>
    /// <param name="largest">How many of the largest records are named.</param>
    public StoreStatistics(StoreFiles store, int largest = 10)
    {
        _store = store;
        _largest = largest;
    }

    /// <summary>Counts from the queues.</summary>
    public StatisticsReport FromQueues(IProgress<InspectionProgress>? progress = null, CancellationToken cancellation = default)
    {
        var report = Begin(isExact: false);
        using var records = new RecordFetch(_store);
        var queues = _store.Queues().ToList();
        foreach (var queue in queues)
        {
            cancellation.ThrowIfCancellationRequested();
            var numbers = Count(queue, report);
            numbers.FirstStoreTime = StoreTime(queue, numbers.MinOffset, records);
            numbers.LastStoreTime = StoreTime(queue, numbers.MaxOffset - 1, records);
            report.Queues.Add(numbers);
            progress?.Report(new InspectionProgress("queues", report.Queues.Count, queues.Count));
        }

        return Finish(report);
    }

    /// <summary>Counts every record of the log.</summary>
    public StatisticsReport FromRecords(IProgress<InspectionProgress>? progress = null, CancellationToken cancellation = default)
    {
        var report = Begin(isExact: true);
        var found = new Dictionary<(string, int), QueueStatistics>();
        using var walk = new LogWalk(_store);
        long records = 0;
        while (walk.TryNext(out var part, out var record))
        {
            if (part.Kind is LogPartKind.Record or LogPartKind.Filler)
                report.LogEnd = part.Offset + part.Length;
            if (part.Kind != LogPartKind.Record)
                continue;
            Note(record, found, report);
            if (++records % 65536 != 0)
                continue;
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new InspectionProgress("commit log", part.Offset - report.LogStart, report.SegmentBytes));
        }

        report.Queues.AddRange(found.Values.OrderBy(queue => queue.Topic, StringComparer.Ordinal).ThenBy(queue => queue.QueueId));
        return Finish(report);
    }

    private StatisticsReport Begin(bool isExact) => new()
    {
        IsExact = isExact,
        Segments = _store.Segments.Count,
        SegmentBytes = _store.Segments.Sum(segment => segment.Length),
        LogStart = _store.LogStart,
        LogEnd = _store.LogStart,
    };

    private QueueStatistics Count(QueueReader queue, StatisticsReport report)
    {
        var end = queue.FindEnd(0);
        var start = queue.FindStart(end);
        var numbers = new QueueStatistics { Topic = queue.Topic, QueueId = queue.QueueId, MinOffset = start, MaxOffset = end };
        for (var offset = start; offset < end && queue.TryRead(offset, out var entry); offset++)
        {
            if (entry.IsFiller)
                continue;
            numbers.Messages++;
            numbers.Bytes += entry.Size;
            report.LogEnd = Math.Max(report.LogEnd, entry.PhysicalOffset + entry.Size);
            Consider(new LargeRecord(entry.Size, entry.PhysicalOffset, queue.Topic, queue.QueueId, offset));
        }

        return numbers;
    }

    private void Note(in MessageRecord record, Dictionary<(string, int), QueueStatistics> found, StatisticsReport report)
    {
        var topic = record.TopicString;
        Consider(new LargeRecord(record.Size, record.PhysicalOffset, topic, record.QueueId, record.QueueOffset));
        if (!record.TakesQueueOffset)
        {
            report.WithoutQueue++;
            return;
        }

        if (!found.TryGetValue((topic, record.QueueId), out var queue))
        {
            queue = new QueueStatistics { Topic = topic, QueueId = record.QueueId, MinOffset = record.QueueOffset, FirstStoreTime = record.StoreTimestamp };
            found.Add((topic, record.QueueId), queue);
        }

        queue.MaxOffset = Math.Max(queue.MaxOffset, record.QueueOffset + 1);
        queue.Messages++;
        queue.Bytes += record.Size;
        queue.LastStoreTime = record.StoreTimestamp;
    }

    private void Consider(in LargeRecord record)
    {
        if (_large.Count < _largest)
            _large.Enqueue(record, record.Size);
        else if (_largest > 0 && _large.TryPeek(out _, out var smallest) && record.Size > smallest)
            _large.EnqueueDequeue(record, record.Size);
    }

    private StatisticsReport Finish(StatisticsReport report)
    {
        while (_large.TryDequeue(out var record, out _))
            report.Largest.Insert(0, record);
        return report;
    }

    private static long StoreTime(QueueReader queue, long offset, RecordFetch records) =>
        queue.TryRead(offset, out QueueEntry entry) && !entry.IsFiller && records.TryRead(entry.PhysicalOffset, out var record) ? record.StoreTimestamp : 0;
}
