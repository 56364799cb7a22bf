using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>A message that was appended.</summary>
internal sealed record Appended(string Topic, int QueueId, string Body, long QueueOffset, long PhysicalOffset, long End, string? Key = null);

/// <summary>
/// What a store has to have: the messages appended, in log order, and how many of them nothing may take away any more,
/// because they were acknowledged, read, or on the disk.
/// </summary>
internal sealed class StoreModel
{
    private static readonly string[] Topics = ["alpha", "beta", new string('t', 200)];
    private readonly List<Appended> _all = [];
    private readonly HashSet<long> _damaged = [];
    private long _learnedTo;
    private long _compactedFrom = -1;
    private int _kept;
    private int _serial;

    public IReadOnlyList<Appended> All => _all;

    /// <summary>Messages that nothing may take away.</summary>
    public int Kept => _kept;

    /// <summary>The log may begin here and not later.</summary>
    public long DeletedTo { get; private set; }

    /// <summary>The topic that a history may make a compacted one.</summary>
    public static string CompactedTopic => Topics[1];

    public long End => _all.Count == 0 ? 0 : _all[^1].End;

    public static (string Topic, int QueueId) QueueOf(int queue) => (Topics[queue % Topics.Length], queue / Topics.Length);

    /// <summary>A body of that many bytes that no other message has.</summary>
    public string NextBody(int size)
    {
        var serial = ++_serial;
        return $"{serial}:".PadRight(Math.Max(size, 12), (char)('a' + (serial % 26)));
    }

    public void Add(Appended message) => _all.Add(message);

    public TimerModel Timers { get; } = new();

    public LightQueueModel LightQueues { get; } = new();

    /// <summary>A bit of the record at an offset was flipped.</summary>
    public bool IsDamaged(long physicalOffset) => _damaged.Contains(physicalOffset);

    public bool HasDamage => _damaged.Count > 0;

    /// <summary>A message that nothing may take away and that has no damage yet; null without.</summary>
    public Appended? ToDamage(Random random)
    {
        var sound = _all.Take(_kept).Where(message => message.PhysicalOffset >= DeletedTo && !IsDamaged(message.PhysicalOffset)).ToList();
        return sound.Count == 0 ? null : sound[random.Next(sound.Count)];
    }

    public void Damage(Appended message) => _damaged.Add(message.PhysicalOffset);

    /// <summary>Takes in what delivery of timers appended.</summary>
    public void Learn(MessageStore store)
    {
        using var reader = store.OpenReader(Math.Max(_learnedTo, store.MinPhysicalOffset));
        var at = _all.FindIndex(message => message.PhysicalOffset >= reader.Position);
        at = at < 0 ? _all.Count : at;
        while (reader.TryReadNext(out var record))
        {
            while (at < _all.Count && _all[at].PhysicalOffset < record.PhysicalOffset)
                at++;
            if (at == _all.Count || _all[at].PhysicalOffset > record.PhysicalOffset)
                InsertMade(at, record);
            at++;
            _learnedTo = record.PhysicalOffset + record.Size;
        }
    }

    /// <summary>Everything before an offset is on the disk, or was promised to be.</summary>
    public void KeepTo(long end)
    {
        while (_kept < _all.Count && _all[_kept].End <= end)
            _kept++;
    }

    public void KeepAll() => _kept = _all.Count;

    public void MayDelete(long offset) => DeletedTo = Math.Max(DeletedTo, offset);

    /// <summary>From now on the latest message of each key is there, of those at or behind an offset, whatever is deleted.</summary>
    public void Compact(long from) => _compactedFrom = _compactedFrom < 0 ? from : _compactedFrom;

    /// <summary>Compares the latest messages of the keys.</summary>
    public void CheckLatest(MessageStore store)
    {
        if (_compactedFrom < 0)
            return;
        foreach (var key in _all.Where(message => message.Topic == CompactedTopic && message.Key is not null && message.PhysicalOffset >= _compactedFrom).GroupBy(message => (message.QueueId, message.Key!)))
        {
            if (key.Any(message => IsDamaged(message.PhysicalOffset)))
                continue;
            Assert.True(store.CompactedTopics.TryGetLatest(CompactedTopic, key.Key.QueueId, Encoding.UTF8.GetBytes(key.Key.Item2), out var lease), $"{key.Key} has no latest message; {string.Join(" ", store.Repairs)}");
            using (lease)
            {
                Assert.True(lease.TryRead(out var record));
                Assert.Equal(key.Last().Body, Encoding.UTF8.GetString(record.Body));
            }
        }
    }

    /// <summary>Compares with a store that was just opened, and forgets what the crash took.</summary>
    /// <param name="store">The store; all that is in it is dispatched.</param>
    /// <param name="all">Nothing may be missing: the process died, the machine did not.</param>
    public void Check(MessageStore store, bool all)
    {
        Assert.Equal(store.Written.Value, store.Dispatched.Value);
        Assert.True(store.MinPhysicalOffset <= DeletedTo, $"the log begins at {store.MinPhysicalOffset}, only what is before {DeletedTo} was deleted");
        var first = _all.FindIndex(message => message.PhysicalOffset >= store.MinPhysicalOffset);
        var found = first < 0 ? _all.Count : first;
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        while (reader.TryReadNext(out var record))
        {
            while (found < _all.Count && _all[found].PhysicalOffset < record.PhysicalOffset && IsDamaged(_all[found].PhysicalOffset))
                found++;
            if (TimerModel.HasMade(record) && (found == _all.Count || record.PhysicalOffset < _all[found].PhysicalOffset))
            {
                InsertMade(found++, record);
                continue;
            }

            Assert.True(found < _all.Count, $"a message that was never appended, at {record.PhysicalOffset}");
            var expected = _all[found++];
            Assert.Equal(expected.PhysicalOffset, record.PhysicalOffset);
            Assert.Equal(expected.Body, Encoding.UTF8.GetString(record.Body));
            Assert.Equal(expected.Topic, record.TopicString);
            Assert.Equal(expected.QueueId, record.QueueId);
            Assert.Equal(expected.QueueOffset, record.QueueOffset);
            // A flip in the last byte of a record is mended.
            _damaged.Remove(record.PhysicalOffset);
            Assert.True(record.HasCrc && record.CrcMatches, $"the CRC of message {found - 1} is wrong");
        }

        while (found < _all.Count && _all[found].PhysicalOffset < store.Written.Value && IsDamaged(_all[found].PhysicalOffset))
            found++;
        var least = all ? _all.Count : _kept;
        Assert.True(found >= least, $"{found} messages of {least} that must be there; {string.Join(" ", store.Repairs)}");
        _all.RemoveRange(found, _all.Count - found);
        _kept = found;
        _learnedTo = End;
        CheckQueues(store);
        CheckLatest(store);
        Timers.Check(this);
        LightQueues.Check(store, this);
        if (_damaged.Any(offset => offset >= store.MinPhysicalOffset))
            Assert.True(store.Integrity.DamageCount > 0, "damage was read and not told");
    }

    private void InsertMade(int at, in MessageRecord record)
    {
        var body = Encoding.UTF8.GetString(record.Body);
        Assert.True(TimerModel.HasMade(record), $"a message that was never appended, at {record.PhysicalOffset}");
        Timers.CheckMade(record, body, _all.Take(at));
        _all.Insert(at, new Appended(record.TopicString, record.QueueId, body, record.QueueOffset, record.PhysicalOffset, record.PhysicalOffset + record.Size));
        if (at < _kept)
            _kept++;
    }

    /// <summary>Bodies of a queue from where it begins; those of damaged records are not given to anybody.</summary>
    private List<string> Bodies(MessageStore store, ConsumeQueue queue)
    {
        var bodies = new List<string>();
        for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset++)
        {
            Assert.True(queue.TryReadEntry(offset, out var entry));
            var reading = store.ReadRecord(queue, offset, entry, out var lease);
            using (lease)
            {
                if (reading == EntryReading.Damaged && IsDamaged(entry.PhysicalOffset))
                    continue;
                Assert.True(reading == EntryReading.Found && lease.TryRead(out var record) && record.CrcMatches, $"entry {offset} of {queue.Topic}/{queue.QueueId}: {reading}");
                lease.TryRead(out record);
                Assert.Equal(offset, record.QueueOffset);
                bodies.Add(Encoding.UTF8.GetString(record.Body));
            }
        }

        return bodies;
    }

    /// <summary>Every queue has what the model has of it, from where it begins, without a gap.</summary>
    private void CheckQueues(MessageStore store)
    {
        foreach (var queue in _all.GroupBy(message => (message.Topic, message.QueueId)))
        {
            var served = queue.Where(message => message.PhysicalOffset >= store.MinPhysicalOffset).ToList();
            Assert.True(store.TryGetQueue(queue.Key.Topic, queue.Key.QueueId, out var actual), $"{queue.Key} is not there; {string.Join(" ", store.Repairs)}");

            // Of what delivery of timers appended, some may have been deleted before anybody saw it.
            var next = served.Count == 0 && TimerModel.IsQueue(actual.Topic) ? actual.MaxOffset : queue.Last().QueueOffset + 1;
            Assert.True(next == actual.MaxOffset, $"{queue.Key} ends at {actual.MaxOffset} and should at {next}; {string.Join(" ", store.Repairs)}");
            // A crash between the deletion of queue files and that of segments leaves a longer log than queues.
            Assert.All(served.TakeWhile(message => message.QueueOffset < actual.MinOffset), message => Assert.True(message.PhysicalOffset < DeletedTo, $"{queue.Key} begins at {actual.MinOffset}"));
            served.RemoveAll(message => message.QueueOffset < actual.MinOffset);
            Assert.Equal(served.Count == 0 ? next : served[0].QueueOffset, actual.MinOffset);
            Assert.Equal(served.Where(message => !IsDamaged(message.PhysicalOffset)).Select(message => message.Body), Bodies(store, actual));
        }

        var expected = _all.Select(message => (message.Topic, message.QueueId)).ToHashSet();
        Assert.All(store.Queues, queue => Assert.True(queue.MaxOffset == 0 || TimerModel.IsQueue(queue.Topic) || expected.Contains((queue.Topic, queue.QueueId)), $"{queue.Topic}/{queue.QueueId} has entries"));
    }
}
