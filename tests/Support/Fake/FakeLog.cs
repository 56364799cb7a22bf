using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>What outlives a <see cref="FakeBridge"/>: topics, messages, groups and state. Give it to a second bridge to restart.</summary>
public sealed class FakeLog
{
    /// <summary>Queues of a topic that is created by use.</summary>
    public const int QueuesOfNewTopic = 4;

    private readonly Dictionary<string, List<StoredMessage>[]> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FakeGroup> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Topic, int Queue), long> _first = [];
    private int _nextQueue;
    private long _logOffset;

    /// <summary>An empty log.</summary>
    public FakeLog() => FilterQueues = new FakeFilterQueues(this);

    /// <summary>Writes of state so far.</summary>
    public int Writes { get; internal set; }

    /// <summary>The queues of topic filters.</summary>
    public FakeFilterQueues FilterQueues { get; }

    internal Lock Gate { get; } = new();

    internal List<FakeTailStream> Tails { get; } = [];

    internal Dictionary<(string Space, string Key), byte[]> State { get; } = [];

    internal List<(string Space, StateChange Changed)> StateWatches { get; } = [];

    /// <summary>Deliveries after which a message becomes a dead letter: the first, and RocketMQ's 16 more.</summary>
    public int MaxAttempts { get; set; } = 17;

    /// <summary>Retained messages.</summary>
    public FakeRetained Retained { get; } = new();

    internal IReadOnlyList<TopicInfo> Topics
        => [.. _topics
            .Where(topic => !TopicNames.IsGroupTopic(topic.Key))
            .OrderBy(topic => topic.Key, StringComparer.Ordinal)
            .Select(topic => new TopicInfo(topic.Key, topic.Value.Length))];

    /// <summary>The log as it is now: what is left when whoever writes to it is killed. Topics and groups begin empty.</summary>
    public FakeLog Copy()
    {
        var copy = new FakeLog();
        lock (Gate)
        {
            copy._logOffset = _logOffset;
            foreach (((string, string) key, byte[] value) in State)
            {
                copy.State[key] = value;
            }

            FilterQueues.CopyTo(copy.FilterQueues);
            Retained.CopyTo(copy.Retained);
        }

        return copy;
    }

    /// <summary>Settings of groups.</summary>
    internal Dictionary<string, GroupSettings> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Has the next message of a group say that so many are missing before it.</summary>
    public void Miss(string group, long count)
    {
        lock (Gate)
        {
            FindGroup(group)!.Missing = count;
        }
    }

    /// <summary>Names of all topics.</summary>
    internal IReadOnlyList<string> Names => [.. _topics.Keys.Order(StringComparer.Ordinal)];

    internal void Delete(string topic) => _topics.Remove(topic);

    internal IReadOnlyList<int> Ends(string topic) => [.. _topics[topic].Select(queue => queue.Count)];

    internal FakeGroup? FindGroup(string name) => _groups.GetValueOrDefault(name);

    /// <summary>Sets or removes a value, and tells who watches.</summary>
    internal void SetState(string space, string key, byte[]? value)
    {
        byte[]? before = State.GetValueOrDefault((space, key));
        if (value is null)
        {
            State.Remove((space, key));
        }
        else
        {
            State[(space, key)] = value;
        }

        foreach ((_, StateChange changed) in StateWatches.Where(watch => watch.Space == space).ToArray())
        {
            changed(key, Memory(before), Memory(value));
        }
    }

    internal static ReadOnlyMemory<byte>? Memory(byte[]? value) => value is null ? (ReadOnlyMemory<byte>?)null : new ReadOnlyMemory<byte>(value);

    internal TopicInfo? Find(string topic)
        => _topics.TryGetValue(topic, out List<StoredMessage>[]? queues) ? new TopicInfo(topic, queues.Length) : null;

    internal TopicInfo Create(string topic, int queues)
    {
        int present = _topics.TryGetValue(topic, out List<StoredMessage>[]? before) ? before.Length : 0;
        if (present < queues)
        {
            var grown = new List<StoredMessage>[queues];
            for (int i = 0; i < queues; i++)
            {
                grown[i] = i < present ? before![i] : [];
            }

            _topics[topic] = grown;
        }

        return new TopicInfo(topic, Math.Max(present, queues));
    }

    internal FakeGroup Group(string name, TimeProvider clock)
    {
        if (!_groups.TryGetValue(name, out FakeGroup? group))
        {
            _groups.Add(name, group = new FakeGroup(this, name));
            Groups.TryAdd(name, new GroupSettings(name));
        }

        group.Clock = clock;
        return group;
    }

    /// <summary>The queues of a topic; none when it does not exist.</summary>
    internal IReadOnlyList<IReadOnlyList<StoredMessage>> QueuesOf(string topic) => _topics.TryGetValue(topic, out List<StoredMessage>[]? queues) ? queues : [];

    /// <summary>Oldest offset kept of a queue.</summary>
    internal long FirstOf(string topic, int queue) => _first.GetValueOrDefault((topic, queue));

    /// <summary>What retention does: the messages of a queue before an offset are not kept any more, for readers.</summary>
    public void Forget(string topic, int queue, long before)
    {
        lock (Gate)
        {
            _first[(topic, queue)] = before;
        }
    }

    /// <summary>The messages of a topic, queue by queue.</summary>
    internal IEnumerable<StoredMessage> MessagesOf(string topic)
        => _topics.TryGetValue(topic, out List<StoredMessage>[]? queues)
            ? queues.SelectMany(queue => queue).OrderBy(message => Position(message))
            : [];

    internal PublishReceipt Append(FakePublish publish, DateTimeOffset now)
    {
        if (!_topics.ContainsKey(publish.Topic))
        {
            Create(publish.Topic, QueuesOfNewTopic);
        }

        List<StoredMessage>[] queues = _topics[publish.Topic];
        int queue = (int)((uint)(publish.OrderingHash ?? _nextQueue++) % (uint)queues.Length);
        var receipt = new PublishReceipt(new MessageId(0x7F000001_00002A9FUL, _logOffset++), queue, queues[queue].Count);
        var stored = new StoredMessage(publish, receipt, publish.BornAt ?? now, now);
        queues[queue].Add(stored);
        FilterQueues.Offer(stored);
        if (publish.Retained is { } write)
        {
            Retained.Keep(stored, write);
        }

        foreach (FakeTailStream tail in Tails)
        {
            tail.Offer(stored);
        }

        foreach (FakeGroup group in _groups.Values)
        {
            group.Offer(stored);
        }

        return receipt;
    }

    private static long Position(StoredMessage message)
    {
        message.Receipt.MessageId.TryGetOffset(out _, out long offset);
        return offset;
    }
}
