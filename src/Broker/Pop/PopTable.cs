using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>What popping knows: the groups and what they popped, the account of it, and when it is due.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PopTable
{
    private readonly ConcurrentDictionary<(string Topic, string Group), PopGroup> _groups = new();
    private readonly ReviveQueue[] _accounts;
    private readonly BrokerOptions _options;
    private readonly MessageStore _store;
    private int _checkpoints;

    public PopTable(MessageStore store, BrokerOptions options, TimeProvider time)
    {
        _store = store;
        _options = options;
        ReviveTopic = PopNames.ReviveTopic(options.Cluster);
        byte[] topic = Encoding.UTF8.GetBytes(ReviveTopic);
        _accounts = [.. Enumerable.Range(0, options.ReviveQueues).Select(id => new ReviveQueue(store, topic, id, time))];
        IsKept = end => options.Flush == Store.Durability.FlushMode.Async || _store.Durable.Value >= end;
    }

    /// <summary>The topic of the account.</summary>
    public string ReviveTopic { get; }

    /// <summary>The account, queue by queue.</summary>
    public IReadOnlyList<ReviveQueue> Accounts => _accounts;

    /// <summary>What is due for revival when.</summary>
    public DueTable Schedule { get; } = new();

    /// <summary>When queues that are popped in order give something again.</summary>
    public DueTable Freeings { get; } = new();

    /// <summary>Whether the log up to an offset stays, whatever happens that the broker is configured for.</summary>
    public Func<long, bool> IsKept { get; }

    /// <summary>Pops that are not settled.</summary>
    public int Checkpoints => Volatile.Read(ref _checkpoints);

    /// <summary>All groups as of now.</summary>
    public IEnumerable<PopGroup> Groups => _groups.Values;

    /// <summary>Messages popped and not settled. Walks everything.</summary>
    public long InFlight => _groups.Values.Sum(static group => group.Queues().Sum(static queue => (long)queue.InFlight));

    /// <summary>A group that popped before, or null.</summary>
    public PopGroup? Find(string topic, string group) => _groups.GetValueOrDefault((topic, group));

    /// <summary>A group that pops a topic; null when there are too many.</summary>
    public PopGroup? FindOrAdd(string topic, string group)
    {
        if (_groups.TryGetValue((topic, group), out PopGroup? known))
        {
            return known;
        }

        if (_groups.Count >= _options.MaxOffsets)
        {
            return null;
        }

        uint hash = (uint)TagHash.Of(topic) * 31u + (uint)TagHash.Of(group);
        return _groups.GetOrAdd((topic, group), static (key, account) => new PopGroup(key.Topic, key.Group, account), _accounts[hash % (uint)_accounts.Length]);
    }

    /// <summary>The queue that a handle of a group means; null when the group never popped there.</summary>
    public PopQueue? FindQueue(string topic, string group, int queueId) =>
        Find(PopNames.Normal(topic, group), group)?.Queue(topic, queueId) ?? Find(topic, group)?.Queue(topic, queueId);

    /// <summary>The same, making the group.</summary>
    public PopQueue? FindOrAddQueue(string topic, string group, int queueId) => FindOrAdd(PopNames.Normal(topic, group), group)?.Queue(topic, queueId);

    /// <summary>Whether one more pop may be open.</summary>
    public bool HasRoom => Checkpoints < _options.MaxPopCheckpoints;

    /// <summary>A checkpoint that is in the account is followed from here on. Under the lock of its queue.</summary>
    public void Follow(Checkpoint checkpoint, long due)
    {
        checkpoint.Queue.Add(checkpoint);
        Interlocked.Increment(ref _checkpoints);
        Schedule.Add(checkpoint, due);
    }

    /// <summary>All of a checkpoint is settled. Under the lock of its queue.</summary>
    public void Forget(Checkpoint checkpoint)
    {
        if (checkpoint.Queue.Find(checkpoint.Key) != checkpoint)
        {
            return;
        }

        checkpoint.Queue.Remove(checkpoint);
        checkpoint.Account.Remove(checkpoint);
        Schedule.Remove(checkpoint);
        Interlocked.Decrement(ref _checkpoints);
    }

    /// <summary>An ordered queue changed: somebody looks when it gives something again. Under its lock.</summary>
    public void FreeLater(PopQueue queue, long now)
    {
        Freeings.Remove(queue);
        if (queue.Order is { } order)
        {
            Freeings.Add(queue, order.FreeAt(now));
        }
    }

    /// <summary>The record of a checkpoint.</summary>
    public ReviveRecord RecordOf(Checkpoint checkpoint) => new()
    {
        Kind = ReviveRecordKind.Checkpoint,
        Topic = checkpoint.Queue.Topic,
        Group = checkpoint.Queue.Owner.Group,
        QueueId = checkpoint.Queue.QueueId,
        StartOffset = checkpoint.StartOffset,
        PopTime = checkpoint.PopTime,
        InvisibleTime = checkpoint.InvisibleTime,
        BrokerName = checkpoint.BrokerName ?? _options.Name,
        Count = checkpoint.Count,
        Settled = checkpoint.Settled,
        Numbers = checkpoint.Distances is null ? [.. Enumerable.Range(0, checkpoint.Count).Select(static i => (long)i)] : [.. checkpoint.Distances.Select(static d => (long)d)],
    };

    /// <summary>The record that settles messages of a checkpoint.</summary>
    public ReviveRecord SettledRecord(PopQueue queue, in CheckpointKey key, string? brokerName, ReadOnlySpan<long> offsets) => new()
    {
        Kind = offsets.Length == 1 ? ReviveRecordKind.Ack : ReviveRecordKind.BatchAck,
        Topic = queue.Topic,
        Group = queue.Owner.Group,
        QueueId = queue.QueueId,
        StartOffset = key.StartOffset,
        PopTime = key.PopTime,
        BrokerName = brokerName ?? _options.Name,
        Numbers = offsets.ToArray(),
    };
}
