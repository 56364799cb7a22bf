using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.LightQueues;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>
/// The light queues of a history: each has the records of the log that match it, from where it was made on, in order and
/// at the same offsets as before.
/// </summary>
internal sealed class LightQueueModel
{
    private readonly Dictionary<string, Start> _queues = [];
    private readonly Dictionary<string, long> _doubtful = [];

    public static string NameOf(int queue) => queue == 0 ? "alpha" : $"n{queue}";

    public void Create(string name, MessageStore store, bool mayFail)
    {
        var before = store.Written.Value;
        var status = store.LightQueues.Create(name, out _);
        if (status == LightQueueStatus.Done)
        {
            // Delivery of timers may append while it is made.
            var from = _doubtful.Remove(name, out var earlier) ? earlier : before;
            _queues.TryAdd(name, new Start(from, store.Written.Value));
            return;
        }

        Assert.True(mayFail, $"a light queue could not be made though the disk never failed: {status}");
        if (!_queues.ContainsKey(name))
            _doubtful.TryAdd(name, before);
    }

    public void Delete(string name, MessageStore store, bool mayFail)
    {
        if (!_queues.TryGetValue(name, out var start))
            return;
        var status = store.LightQueues.Delete(store.LightQueues.Find(name));
        Assert.True(mayFail || status == LightQueueStatus.Done, $"a light queue could not be deleted though the disk never failed: {status}");
        _queues.Remove(name);
        if (status != LightQueueStatus.Done)
            _doubtful[name] = start.NotBefore;
    }

    public void Check(MessageStore store, StoreModel model)
    {
        var names = store.LightQueues.List().Select(info => info.Name).ToHashSet();
        Assert.True(names.IsSupersetOf(_queues.Keys) && names.All(name => _queues.ContainsKey(name) || _doubtful.ContainsKey(name)), $"light queues are {string.Join(" ", names)}; made were {string.Join(" ", _queues.Keys)}");
        foreach (var (name, from) in _doubtful.ToList())
            _doubtful[name] = Math.Min(from, store.Written.Value);
        foreach (var (name, start) in _queues.ToList())
        {
            // A queue begins at the end of a log that may have lost some of it.
            var begin = _queues[name] = new Start(Math.Min(start.NotBefore, store.Written.Value), Math.Min(start.NotAfter, store.Written.Value));
            var matching = model.All.Where(message => message.PhysicalOffset >= begin.NotBefore && NameSelector.Matches(name, message.Topic, message.Body)).Select(message => message.PhysicalOffset).ToList();
            Check(store, model, name, begin, matching);
        }
    }

    private static void Check(MessageStore store, StoreModel model, string name, Start begin, List<long> matching)
    {
        var queue = store.LightQueues.Find(name);
        Assert.True(store.LightQueues.TryGetRange(queue, out var min, out var max));
        var entries = new QueueEntry[max - min];
        Assert.Equal(entries.Length, store.LightQueues.Read(queue, min, entries));
        var actual = entries.Select(entry => entry.PhysicalOffset).ToList();
        var damaged = matching.Where(model.IsDamaged).ToHashSet();
        if (damaged.Count == 0)
        {
            Assert.InRange(max, matching.Count(offset => offset >= begin.NotAfter), matching.Count);
            Assert.Equal(matching[^(int)max..].Skip((int)min), actual);
        }

        // Entries of damaged records are there, unless the queue had to be made again.
        var served = matching.Where(offset => offset >= Math.Max(store.MinPhysicalOffset, begin.NotAfter) && !damaged.Contains(offset));
        Assert.Equal(served, actual.Where(offset => offset >= Math.Max(store.MinPhysicalOffset, begin.NotAfter) && !damaged.Contains(offset)));
    }

    /// <summary>The queue takes no record before the one offset, and every one from the other on.</summary>
    private readonly record struct Start(long NotBefore, long NotAfter);
}
