using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>
/// One page of a topic: reads each queue at its place, and takes what was stored first. Of a queue of which there is more, nothing that was
/// stored later than its last message at hand can be taken from the others yet.
/// </summary>
internal sealed class BrowsePage(IMessageReader reader, string topic, GroupFilter filter, DateTimeOffset? to, int limit, int maxBytes)
{
    /// <summary>Reads of one queue for one page: a filter that finds little makes short pages, not long waits.</summary>
    private const int MaxReads = 16;

    private const int MinBytes = 64 * 1024;

    private readonly List<Candidate> _candidates = [];
    private DateTimeOffset _horizon = DateTimeOffset.MaxValue;

    /// <summary>What the page has, as places in the batch.</summary>
    public IEnumerable<int> Taken { get; private set; } = [];

    /// <summary>Reads the page. The positions are behind it then; a queue of which nothing more is wanted is gone from them.</summary>
    public async Task ReadAsync(QueuePositions positions, MessageBatch batch, CancellationToken cancellationToken)
    {
        IReadOnlyList<QueueRange> queues = await reader.ListQueuesAsync(topic, cancellationToken);
        int bytes = Math.Max(MinBytes, maxBytes / Math.Max(1, positions.Count));
        var ends = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string queue in positions.Queues.ToList())
        {
            QueueRange range = queues.FirstOrDefault(one => one.Name == queue);
            ends[queue] = range.Name is null ? -1 : await ReadQueueAsync(range, positions[queue], bytes, batch, cancellationToken);
        }

        List<Candidate> taken = [.. _candidates.Where(one => one.StoredAt <= _horizon).OrderBy(one => one.StoredAt).ThenBy(one => one.LogOffset).Take(limit)];
        Taken = taken.Select(one => one.Index);
        foreach (string queue in positions.Queues.ToList())
            Move(positions, queue, ends[queue], taken);
    }

    /// <summary>Answers where the queue was read up to; -1 at its end.</summary>
    private async Task<long> ReadQueueAsync(QueueRange range, long next, int bytes, MessageBatch batch, CancellationToken cancellationToken)
    {
        int found = 0;
        for (int i = 0; i < MaxReads && next < range.End; i++)
        {
            int before = batch.Count;
            QueueRead read = await reader.ReadAsync(new QueueQuery(topic, range.Name, next, limit - found) { MaxBytes = bytes, Filter = filter }, batch, cancellationToken);
            if (read.Next <= next && batch.Count == before)
                break;

            next = read.Next;
            for (int at = before; at < batch.Count; at++)
            {
                BridgeMessage message = batch[at];
                if (message.StoredAt > to)
                    return -1;

                message.MessageId.TryGetOffset(out _, out long logOffset);
                _candidates.Add(new Candidate(at, range.Name, message.QueueOffset, message.StoredAt, logOffset));
                found++;
            }

            if (found > 0)
                break;
        }

        if (next >= range.End)
            return -1;

        if (found > 0 && _candidates[^1].StoredAt < _horizon)
            _horizon = _candidates[^1].StoredAt;

        return next;
    }

    private void Move(QueuePositions positions, string queue, long readTo, List<Candidate> taken)
    {
        List<Candidate> left = [.. _candidates.Where(one => one.Queue == queue && !taken.Contains(one))];
        if (left.Count > 0)
            positions[queue] = left.Min(one => one.Offset);
        else if (readTo < 0)
            positions.Remove(queue);
        else
            positions[queue] = readTo;
    }

    private readonly record struct Candidate(int Index, string Queue, long Offset, DateTimeOffset StoredAt, long LogOffset);
}
