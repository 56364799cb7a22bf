using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>
/// Holds every record against its queue entry, and every entry against the records, in one walk of the log: the records
/// of a queue come in the order of its entries. Keeps a block of entries a queue.
/// </summary>
internal sealed class QueueCheck : IDisposable
{
    private const string Rebuild = "Start the broker with --rebuild: the queues are made again from the log.";
    private const int BlockBudget = 4 << 20;

    private readonly StoreFiles _store;
    private readonly FindingList _findings;
    private readonly Func<long, long, bool> _isPending;
    private readonly Dictionary<byte[], List<State>> _topics = new(TopicBytes.Comparer);
    private readonly Dictionary<byte[], List<State>>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;
    private readonly ExtensionReader _extensions;
    private int _blockEntries = 512;

    /// <param name="store">The directory.</param>
    /// <param name="findings">Where findings go.</param>
    /// <param name="isPending">Whether the entry of a record (its offset, its store time) need not be there yet.</param>
    public QueueCheck(StoreFiles store, FindingList findings, Func<long, long, bool> isPending)
    {
        _store = store;
        _findings = findings;
        _isPending = isPending;
        _byBytes = _topics.GetAlternateLookup<ReadOnlySpan<byte>>();
        _extensions = new ExtensionReader(store);
    }

    public long Queues { get; private set; }

    public long Entries { get; private set; }

    /// <summary>Units of <c>consumequeue_ext</c> that entries lead to.</summary>
    public long ExtensionUnits => _extensions.Units;

    private static ReadOnlySpan<byte> ScheduleTopic => "SCHEDULE_TOPIC_XXXX"u8;

    /// <summary>Finds the queues and looks at the files themselves.</summary>
    public void Begin()
    {
        var queues = _store.Queues().ToList();
        _blockEntries = Math.Clamp(BlockBudget / Math.Max(1, queues.Count), 8, 512);
        var size = CommonSize(queues);
        foreach (var queue in queues)
        {
            Add(queue, Encoding.UTF8.GetBytes(queue.Topic));
            for (var i = 0; i < queue.Files.Count; i++)
                CheckFile(queue, i, size);
        }
    }

    /// <summary>Takes a sound record.</summary>
    public void Take(in MessageRecord record)
    {
        if (!record.TakesQueueOffset)
            return;
        var state = StateOf(record);
        var offset = record.QueueOffset;

        // Retention by topic lets a queue begin later than its records.
        if (offset < state.Reader.First)
        {
            state.BeforeFirst++;
            return;
        }

        if (state.Next < 0)
            CheckBefore(state, offset);
        else if (offset < state.Next)
        {
            Report(FindingSeverity.Damage, "offset-repeated", state.Reader, offset, $"The record at {record.PhysicalOffset} has queue offset {offset} of {Name(state)}, an earlier one has it too.", "Two messages share an offset: one of them cannot be consumed. Tell who maintains the broker that wrote it.");
            return;
        }
        else
            CheckBetween(state, offset);

        CheckEntry(state, record);
        state.Next = offset + 1;
    }

    /// <summary>Looks at the entries that no record asked for.</summary>
    public void End(long logEnd)
    {
        foreach (var state in _topics.Values.SelectMany(states => states))
        {
            state.Reader.Refresh();
            if (state.BeforeFirst > 0)
                Report(FindingSeverity.Repairable, "queue-begins-late", state.Reader, state.Reader.First, $"{state.BeforeFirst} records of {Name(state)} are in the log before its first file.", "Right when the topic has a retention time of its own. Else its first file is lost: the next start makes the queue again from the log.");
            var offset = Math.Max(state.Next, state.Reader.First);
            while (state.Reader.TryRead(offset, out var entry))
            {
                Entries++;
                if (!entry.IsFiller && entry.PhysicalOffset >= _store.LogStart && !_isPending(entry.PhysicalOffset, long.MaxValue))
                    Extra(state, offset, entry, logEnd);
                offset++;
            }
        }
    }

    public void Dispose() => _extensions.Dispose();

    private State Add(QueueReader queue, byte[] topic)
    {
        queue.BlockEntries = _blockEntries;
        var added = new State(queue);
        if (!_topics.TryGetValue(topic, out var states))
            _topics.Add(topic, states = []);
        states.Add(added);
        Queues++;
        return added;
    }

    private State StateOf(in MessageRecord record)
    {
        var queueId = record.QueueId;
        if (!_byBytes.TryGetValue(record.Topic, out var states) || states.Find(state => state.Reader.QueueId == queueId) is not { } found)
        {
            // The bytes of a damaged topic need not be what its name makes of them.
            found = Add(_store.Queue(record.TopicString, record.QueueId), record.Topic.ToArray());
        }

        return found;
    }

    private void CheckEntry(State state, in MessageRecord record)
    {
        if (!state.Reader.TryRead(record.QueueOffset, out var entry))
        {
            state.Reader.Refresh();
            if (record.QueueOffset < state.Reader.First)
            {
                // A running broker deleted its file meanwhile.
                state.BeforeFirst++;
                return;
            }

            if (!state.Reader.TryRead(record.QueueOffset, out entry))
            {
                var isPending = _isPending(record.PhysicalOffset, record.StoreTimestamp);
                Report(
                    isPending ? FindingSeverity.Repairable : FindingSeverity.Damage, "entry-missing", state.Reader, record.QueueOffset,
                    $"The record at {record.PhysicalOffset} has no entry at offset {record.QueueOffset} of {Name(state)}.", isPending ? "The next start makes it." : Rebuild);
                return;
            }
        }

        Entries++;
        if (entry.PhysicalOffset != record.PhysicalOffset || entry.Size != record.Size)
        {
            Report(
                FindingSeverity.Damage, "entry-wrong", state.Reader, record.QueueOffset,
                $"Offset {record.QueueOffset} of {Name(state)} says {entry.Size} bytes at {entry.PhysicalOffset}; the record has {record.Size} at {record.PhysicalOffset}.", Rebuild);
        }
        else if (ExtAddress.Is(entry.TagsCode))
        {
            CheckExtension(state, record, entry);
        }
        else if (!IsTagRight(record, entry.TagsCode))
        {
            Report(
                FindingSeverity.Damage, "entry-tag-wrong", state.Reader, record.QueueOffset,
                $"Offset {record.QueueOffset} of {Name(state)} has the tag code {entry.TagsCode}; that of the record is {TagHash.Of(record.Tags)}.", Rebuild);
        }
    }

    /// <summary>The unit that an entry leads to says the record's tag and time. Without it the tag is read from the record: it costs time, no message.</summary>
    private void CheckExtension(State state, in MessageRecord record, in QueueEntry entry)
    {
        var isThere = _extensions.TryRead(state.Reader.Topic, state.Reader.QueueId, entry.TagsCode, out var tagsCode, out var storeTimestamp, out var file, out var position);
        if (isThere && IsTagRight(record, tagsCode) && storeTimestamp == record.StoreTimestamp)
            return;
        var isPending = _isPending(record.PhysicalOffset, record.StoreTimestamp);
        _findings.Add(new Finding(
            isPending ? FindingSeverity.Repairable : FindingSeverity.Damage, isThere ? "extension-wrong" : "extension-missing", file, position,
            isThere ? $"The unit of offset {record.QueueOffset} of {Name(state)} says another tag or time than the record." : $"Offset {record.QueueOffset} of {Name(state)} leads here, and there is no unit.",
            isPending ? "The next start makes it." : Rebuild));
    }

    /// <summary>What the levels were is not known here; a due time is not before the store time.</summary>
    private static bool IsTagRight(in MessageRecord record, long tagsCode) =>
        record.Topic.SequenceEqual(ScheduleTopic) && PropertyText.TryGet(record.Properties, SystemProperties.Delay, out _)
            ? tagsCode >= record.StoreTimestamp
            : tagsCode == TagHash.Of(record.Tags);

    private void CheckBefore(State state, long offset)
    {
        for (var at = state.Reader.First; at < offset && state.Reader.TryRead(at, out var entry); at++)
        {
            Entries++;
            if (!entry.IsFiller && entry.PhysicalOffset >= _store.LogStart)
                Extra(state, at, entry, -1);
        }
    }

    private void CheckBetween(State state, long offset)
    {
        for (var at = state.Next; at < offset; at++)
        {
            if (!state.Reader.TryRead(at, out var entry))
                break;
            Entries++;
            if (!entry.IsFiller)
                Extra(state, at, entry, -1);
        }
    }

    private void Extra(State state, long offset, in QueueEntry entry, long logEnd)
    {
        var isAhead = logEnd >= 0 && entry.PhysicalOffset >= logEnd && _store.IsAborted;
        Report(
            isAhead ? FindingSeverity.Repairable : FindingSeverity.Damage, "entry-extra", state.Reader, offset,
            $"Offset {offset} of {Name(state)} points to {entry.Size} bytes at {entry.PhysicalOffset}, where the log has no record of it.",
            isAhead ? "The next start cuts it off." : Rebuild);
    }

    private void CheckFile(QueueReader queue, int index, long size)
    {
        var file = queue.Files[index];
        var path = Path.Combine("consumequeue", queue.Topic, queue.QueueId.ToString(CultureInfo.InvariantCulture), file.Name);
        if (file.Length != size)
            _findings.Add(new Finding(FindingSeverity.Repairable, "queue-file-size", path, -1, $"It has {file.Length} bytes, the others {size}.", "The next start gives it the length of the others."));
        if (size > 0 && file.BaseOffset % size != 0)
            _findings.Add(new Finding(FindingSeverity.Damage, "queue-file-name", path, -1, $"Its name is no multiple of {size}.", Rebuild));
        if (index > 0 && size > 0 && file.BaseOffset != queue.Files[index - 1].BaseOffset + size)
            _findings.Add(new Finding(FindingSeverity.Damage, "queue-file-missing", path, -1, "The file before it is missing.", Rebuild));
    }

    private long CommonSize(List<QueueReader> queues)
    {
        if (_store.Checkpoint() is { QueueFileEntries: > 0 and var entries })
            return (long)entries * QueueEntry.EncodedSize;
        return queues.SelectMany(queue => queue.Files).GroupBy(file => file.Length)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).FirstOrDefault()?.Key ?? 0;
    }

    private static string Name(State state) => $"queue {state.Reader.QueueId} of {state.Reader.Topic}";

    private void Report(FindingSeverity severity, string kind, QueueReader queue, long offset, string detail, string advice)
    {
        var (file, position) = queue.Locate(offset);
        _findings.Add(new Finding(severity, kind, file, position, detail, advice));
    }

    private sealed class State(QueueReader reader)
    {
        public QueueReader Reader { get; } = reader;

        /// <summary>Offset that the next record of the queue has; -1 before the first one.</summary>
        public long Next { get; set; } = -1;

        /// <summary>Records before the first file.</summary>
        public long BeforeFirst { get; set; }
    }
}
