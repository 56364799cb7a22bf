using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>The queues of topic filters of a <see cref="FakeLog"/>. They outlive a bridge.</summary>
public sealed class FakeFilterQueues : IFilterQueues
{
    private const string Broker = "fake";

    private readonly FakeLog _log;
    private readonly Dictionary<string, FilterQueue> _queues = new(StringComparer.Ordinal);
    private readonly List<(string Filter, Action Arrived)> _watches = [];
    private readonly SortedDictionary<long, StoredMessage> _messages = [];
    private int _messageReads;

    internal FakeFilterQueues(FakeLog log) => _log = log;

    /// <summary>The filters that have a queue.</summary>
    public IReadOnlyList<string> Filters
    {
        get
        {
            lock (_log.Gate)
            {
                return [.. _queues.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Reads so far; for tests that count them.</summary>
    public int Reads { get; private set; }

    /// <summary>Takes the first entries of a filter's queue away, as retention does.</summary>
    public void Trim(string filter, long minOffset)
    {
        lock (_log.Gate)
        {
            _queues[filter].Min = minOffset;
        }
    }

    /// <summary>Whether messages in flight cannot be read, because their broker is not there now.</summary>
    public bool IsAway { get; set; }

    /// <summary>How often a message in flight was asked for.</summary>
    public int MessageReads => Volatile.Read(ref _messageReads);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<FilterRange>> EnsureAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default)
    {
        string name = Text(filter);
        if (name.Length == 0)
        {
            return ValueTask.FromException<IReadOnlyList<FilterRange>>(new BridgeException(BridgeError.FilterInvalid, "A filter has at least one character."));
        }

        lock (_log.Gate)
        {
            _queues.TryAdd(name, new FilterQueue());
            return ValueTask.FromResult<IReadOnlyList<FilterRange>>([_queues[name].Range]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<FilterRange>> FindAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<FilterRange>>(_queues.TryGetValue(Text(filter), out FilterQueue? queue) ? [queue.Range] : []);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ReadOnlyMemory<byte> filter, TimeSpan unusedFor = default, CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            _queues.Remove(Text(filter));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListAsync(CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<byte[]>>([.. _queues.Keys.Select(System.Text.Encoding.UTF8.GetBytes)]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<FilterRead> ReadAsync(FilterPlace from, int max, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Clear();
        lock (_log.Gate)
        {
            Reads++;
            if (from.Broker != Broker || !_queues.TryGetValue(Text(from.Filter), out FilterQueue? queue))
            {
                return ValueTask.FromResult(new FilterRead(false, from.Offset, 0));
            }

            long start = from.Offset > queue.Entries.Count ? queue.Min : Math.Max(from.Offset, queue.Min);
            int count = (int)Math.Min(max, queue.Entries.Count - start);
            for (int i = 0; i < count; i++)
            {
                Add(queue.Entries[(int)start + i], batch);
            }

            return ValueTask.FromResult(new FilterRead(true, start + count, Math.Max(0, start - from.Offset)));
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReadMessageAsync(string broker, long logOffset, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _messageReads);
        if (IsAway)
        {
            return ValueTask.FromException<bool>(new BridgeException(BridgeError.Unreachable, "The broker is away."));
        }

        ArgumentNullException.ThrowIfNull(batch);
        lock (_log.Gate)
        {
            bool found = _messages.TryGetValue(logOffset, out StoredMessage? message) && broker == Broker;
            if (found)
            {
                Add(message!, batch);
            }

            return ValueTask.FromResult(found);
        }
    }

    /// <inheritdoc/>
    public IDisposable Watch(ReadOnlyMemory<byte> filter, Action arrived)
    {
        (string, Action) watch = (Text(filter), arrived);
        lock (_log.Gate)
        {
            _watches.Add(watch);
        }

        return new Unwatch(this, watch);
    }

    internal void CopyTo(FakeFilterQueues other)
    {
        foreach ((string filter, FilterQueue queue) in _queues)
        {
            var copy = new FilterQueue { Min = queue.Min };
            copy.Entries.AddRange(queue.Entries);
            other._queues.Add(filter, copy);
        }

        foreach ((long offset, StoredMessage message) in _messages)
        {
            other._messages.Add(offset, message);
        }
    }

    internal void Offer(StoredMessage message)
    {
        _messages[OffsetOf(message)] = message;
        foreach ((string filter, FilterQueue queue) in _queues)
        {
            if (!Matches(filter, message))
            {
                continue;
            }

            queue.Entries.Add(message);
            foreach ((_, Action arrived) in _watches.Where(watch => watch.Filter == filter))
            {
                arrived();
            }
        }
    }

    private static bool Matches(string filter, StoredMessage message)
    {
        if (TopicNames.IsGroupTopic(message.Publish.Topic))
        {
            return false;
        }

        using var batch = new MessageBatch();
        byte[] name = new byte[MqttTopicName.MaxLength];
        int length = TopicMapping.WriteName(message.CopyInto(batch, 1, default), name);
        string[] levels = System.Text.Encoding.UTF8.GetString(name, 0, length).Split('/');
        string[] wanted = filter.Split('/');
        if (levels[0].StartsWith('$') && wanted[0] is "+" or "#")
        {
            return false;
        }

        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == "#")
            {
                return true;
            }

            if (i == levels.Length || (wanted[i] != "+" && wanted[i] != levels[i]))
            {
                return i == levels.Length && wanted[i] == "#";
            }
        }

        return wanted.Length == levels.Length;
    }

    private static long OffsetOf(StoredMessage message)
    {
        message.Receipt.MessageId.TryGetOffset(out _, out long offset);
        return offset;
    }

    private static void Add(StoredMessage message, MessageBatch batch)
        => batch.Add(message.CopyInto(batch, attempt: 1, default, OffsetOf(message)));

    private static string Text(ReadOnlyMemory<byte> filter) => System.Text.Encoding.UTF8.GetString(filter.Span);

    private sealed class FilterQueue
    {
        public List<StoredMessage> Entries { get; } = [];

        public long Min { get; set; }

        public FilterRange Range => new(Broker, Min, Entries.Count);
    }

    private sealed class Unwatch(FakeFilterQueues owner, (string Filter, Action Arrived) watch) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._log.Gate)
            {
                owner._watches.Remove(watch);
            }
        }
    }
}
