using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>A message of a feed.</summary>
/// <param name="Index">Its place in the batch.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Missing">Messages directly before it that are not kept any more.</param>
internal readonly record struct FeedItem(int Index, string Queue, long Missing);

/// <summary>
/// One reader of a topic, at its own place in each queue. What it has not taken lies in the log: however slow it is, it costs one batch.
/// </summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class FeedReader(
    TopicFeed feed, IMessageReader reader, QueuePositions positions, GroupFilter filter, TimeProvider clock, Func<TopicFeed, ValueTask> leave) : IAsyncDisposable
{
    private const int MaxBytes = 1 << 20;

    private readonly List<FeedItem> _items = [];
    private readonly Dictionary<string, long> _missing = new(StringComparer.Ordinal);
    private readonly QueuePositions _next = Copy(positions);
    private int _turn;
    private bool _left;

    /// <summary>What the last read found, in the order in which it is to be told.</summary>
    public IReadOnlyList<FeedItem> Items => _items;

    /// <summary>The place behind everything that was told.</summary>
    public QueuePositions Told { get; } = positions;

    /// <summary>Clears the batch and reads into it: at once what is there, otherwise it waits for the first message.</summary>
    /// <returns>How many were read; 0 when the wait ran out.</returns>
    public async ValueTask<int> ReadAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        batch.Clear();
        _items.Clear();
        long start = clock.GetTimestamp();
        while (true)
        {
            (IReadOnlyList<QueueRange> ends, Task moved) = feed.Look();
            if (await ReadQueuesAsync(ends, batch, max, cancellationToken))
                continue;

            if (_items.Count > 0)
            {
                Order(batch);
                return _items.Count;
            }

            TimeSpan left = wait - clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !await WaitAsync(moved, left, cancellationToken))
            {
                TellAll();
                return 0;
            }
        }
    }

    /// <summary>Notes that a message was told; the place is behind it then.</summary>
    public void Tell(in FeedItem item, in BridgeMessage message)
    {
        Told[item.Queue] = message.QueueOffset + 1;
        if (item.Index == _items[^1].Index)
            TellAll();
    }

    public ValueTask DisposeAsync()
    {
        if (_left)
            return default;

        _left = true;
        return leave(feed);
    }

    /// <summary>What was read over, because the filter does not want it, is told with the last message.</summary>
    private void TellAll()
    {
        foreach (string queue in _next.Queues)
            Told[queue] = _next[queue];
    }

    /// <summary>True when it read over messages that it does not want, and is not at the end.</summary>
    private async ValueTask<bool> ReadQueuesAsync(IReadOnlyList<QueueRange> ends, MessageBatch batch, int max, CancellationToken cancellationToken)
    {
        bool isBehind = false;
        List<QueueRange> pending = [];
        for (int i = 0; i < ends.Count; i++)
        {
            QueueRange queue = ends[(i + _turn) % ends.Count];
            if (!_next.TryGet(queue.Name, out long next) || next > queue.End)
                _next[queue.Name] = next = queue.First;

            if (next < queue.End)
                pending.Add(queue);
        }

        _turn = (_turn + 1) & int.MaxValue;
        foreach (QueueRange queue in pending)
        {
            if (_items.Count == max)
                break;

            int share = Math.Max(1, Math.Min(max - _items.Count, max / pending.Count));
            isBehind |= await ReadAsync(queue, batch, share, cancellationToken);
        }

        return _items.Count == 0 && isBehind;
    }

    private async ValueTask<bool> ReadAsync(QueueRange queue, MessageBatch batch, int max, CancellationToken cancellationToken)
    {
        int before = batch.Count;
        long next = _next[queue.Name];
        QueueRead read = await reader.ReadAsync(
            new QueueQuery(feed.Topic, queue.Name, next, max) { MaxBytes = MaxBytes, Filter = filter }, batch, cancellationToken);
        _next[queue.Name] = read.Next;
        if (read.Missed > 0)
            _missing[queue.Name] = _missing.GetValueOrDefault(queue.Name) + read.Missed;

        for (int i = before; i < batch.Count; i++)
        {
            _missing.Remove(queue.Name, out long missing);
            _items.Add(new FeedItem(i, queue.Name, missing));
        }

        return read.Next > next && read.Next < queue.End;
    }

    /// <summary>As they lie in the log, where they are all of one.</summary>
    private void Order(MessageBatch batch)
    {
        ulong? host = null;
        foreach (FeedItem item in _items)
        {
            if (!batch[item.Index].MessageId.TryGetOffset(out ulong its, out _) || (host ??= its) != its)
                return;
        }

        _items.Sort((a, b) => OffsetOf(batch[a.Index]).CompareTo(OffsetOf(batch[b.Index])));
    }

    private static long OffsetOf(in BridgeMessage message)
    {
        message.MessageId.TryGetOffset(out _, out long offset);
        return offset;
    }

    private async ValueTask<bool> WaitAsync(Task moved, TimeSpan left, CancellationToken cancellationToken)
    {
        try
        {
            await moved.WaitAsync(left, clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static QueuePositions Copy(QueuePositions positions)
    {
        var copy = new QueuePositions();
        foreach (string queue in positions.Queues)
            copy[queue] = positions[queue];

        return copy;
    }
}
