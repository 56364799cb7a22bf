using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Tests.Store.Faults.Kill;

/// <summary>What the children of one directory were told, and what their store has to have because of it.</summary>
internal sealed class KillLedger
{
    private readonly Dictionary<(string Topic, int Queue, long Offset), (string Body, long Position)> _kept = [];
    private readonly Dictionary<(string Topic, int Queue), long> _ends = [];
    private long _deletedTo;

    /// <summary>Messages acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Messages compared with what was acknowledged.</summary>
    public long Compared { get; private set; }

    /// <summary>Takes a line of a child.</summary>
    public void Take(string line)
    {
        if (!line.EndsWith(';'))
            return;
        var words = line[..^1].Split(' ');
        if (words is ["d", var position])
        {
            _deletedTo = Math.Max(_deletedTo, Number(position));
            return;
        }

        if (words is not ["a", var topic, var queue, var offset, var at, var body])
            return;
        Acknowledged++;
        var key = (topic, (int)Number(queue), Number(offset));
        _ends[(topic, key.Item2)] = Math.Max(_ends.GetValueOrDefault((topic, key.Item2)), key.Item3 + 1);
        Assert.True(_kept.TryAdd(key, (body, Number(at))), $"two messages were acknowledged as {key}: {body} and {_kept[key].Body}");
    }

    /// <summary>Compares with the store, opened again. What was read is kept from now on, acknowledged or not.</summary>
    public void Check(MessageStore store)
    {
        var min = store.MinPhysicalOffset;
        Assert.True(min <= _deletedTo, $"the log begins at {min}, and only what is before {_deletedTo} was deleted");
        var found = new HashSet<string>();
        // Of what a child was deleting when it was killed, queue files go before segments.
        var missing = _kept.Where(pair => pair.Value.Position >= Math.Max(min, _deletedTo)).Select(pair => pair.Key).ToHashSet();
        foreach (var queue in store.Queues)
        {
            for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset++)
            {
                var key = (queue.Topic, queue.QueueId, offset);
                Assert.True(queue.TryReadEntry(offset, out var entry), $"{key} has no entry");
                using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
                Assert.True(lease.TryRead(out var record), $"{key} has no record");
                Assert.True(record.CrcMatches && record.QueueOffset == offset && record.QueueId == queue.QueueId && record.TopicString == queue.Topic, $"{key} is another record");
                var body = Encoding.UTF8.GetString(record.Body).TrimEnd('.');
                Assert.True(found.Add(body), $"{body} is there twice");
                if (_kept.TryGetValue(key, out var expected))
                    Assert.Equal(expected.Body, body);
                _kept[key] = (body, entry.PhysicalOffset);
                missing.Remove(key);
                Compared++;
            }
        }

        CheckAnnounced(store);
        var first = missing.OrderBy(key => _kept[key].Position).FirstOrDefault();
        Assert.True(
            missing.Count == 0,
            $"{missing.Count} acknowledged messages are missing of {_kept.Count}, the first is {first} at {(missing.Count > 0 ? _kept[first].Position : 0)}; the log goes from {min} to {store.Written.Value}, "
            + $"deleted to {_deletedTo}; queues: {string.Join(" ", store.Queues.Select(queue => $"{queue.Topic}/{queue.QueueId} {queue.MinOffset}-{queue.MaxOffset}"))}; repairs: {string.Join(" ", store.Repairs)}");
        foreach (var key in _kept.Where(pair => pair.Value.Position < min).Select(pair => pair.Key).ToList())
            _kept.Remove(key);
    }

    /// <summary>
    /// A message that the child said it would delete may be gone, with all before it in its queue. It may not be missing
    /// among others, and never takes the end of its queue with it: offsets do not begin again.
    /// </summary>
    private void CheckAnnounced(MessageStore store)
    {
        foreach (var ((topic, queueId), end) in _ends)
        {
            Assert.True(store.TryGetQueue(topic, queueId, out var queue), $"{topic}/{queueId} is gone");
            Assert.True(queue.MaxOffset >= end, $"{topic}/{queueId} ends at {queue.MaxOffset}, and offset {end - 1} was acknowledged");
        }

        foreach (var (key, value) in _kept.Where(pair => pair.Value.Position < _deletedTo))
        {
            Assert.True(store.TryGetQueue(key.Topic, key.Queue, out var queue));
            Assert.True(value.Position >= store.MinPhysicalOffset || key.Offset < queue.MinOffset, $"{key} is served, and its record at {value.Position} is deleted");
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
