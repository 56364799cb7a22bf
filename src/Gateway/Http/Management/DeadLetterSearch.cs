using System.Globalization;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Looks through the dead letters of a group: by the key, and by the time when a message became one.</summary>
/// <param name="Brokers">Where they are.</param>
/// <param name="Topic">The topic of the dead letters.</param>
/// <param name="Key">One of their keys or ids; null for any.</param>
/// <param name="From">At or after this time; null for any.</param>
/// <param name="To">At or before this time; null for any.</param>
internal sealed record DeadLetterSearch(IAdministration Brokers, string Topic, string? Key, DateTimeOffset? From, DateTimeOffset? To)
{
    /// <summary>Messages that one request looks at; there is a cursor behind them.</summary>
    private const int MaxScan = 10_000;

    private const int Chunk = 32;

    /// <summary>Whether it is all of them.</summary>
    public bool IsAll => Key is null && From is null && To is null;

    /// <summary>The queues to look through, with the span of offsets that the times leave.</summary>
    public async ValueTask<IReadOnlyList<QueueState>> SpansAsync(CancellationToken cancellationToken)
    {
        if (await Brokers.Topics.FindAsync(Topic, cancellationToken) is null)
            return [];

        List<QueueState> spans = [];
        foreach (QueueState queue in await Brokers.Topics.GetQueuesAsync(Topic, cancellationToken))
        {
            long first = From is { } from ? await Brokers.Messages.SearchAsync(Topic, queue.Broker, queue.QueueId, from, cancellationToken) : queue.First;
            long end = To is { } to ? await Brokers.Messages.SearchAsync(Topic, queue.Broker, queue.QueueId, to.AddMilliseconds(1), cancellationToken) : queue.End;
            spans.Add(queue with { First = Math.Max(queue.First, first), End = Math.Min(queue.End, end) });
        }

        return [.. spans.OrderBy(Name, StringComparer.Ordinal)];
    }

    /// <summary>A page, the newest of each queue first.</summary>
    public async ValueTask<(IReadOnlyList<StoredMessage> Found, string? Next)> PageAsync(Paging paging, CancellationToken cancellationToken)
    {
        (string queueAfter, long offsetAfter) = Split(paging.After);
        List<StoredMessage> found = [];
        int scanned = 0;
        foreach (QueueState span in await SpansAsync(cancellationToken))
        {
            int order = string.CompareOrdinal(Name(span), queueAfter);
            if (order < 0)
                continue;

            long end = order == 0 ? Math.Min(span.End, offsetAfter) : span.End;
            while (end > span.First)
            {
                long begin = Math.Max(span.First, end - Chunk);
                IReadOnlyList<StoredMessage> read = await ReadAsync(span, begin, end, cancellationToken);
                foreach (StoredMessage message in read.Reverse().Where(Matches))
                {
                    found.Add(message);
                    if (found.Count == paging.Limit)
                        return (found, Paging.CursorOf($"{Name(span)} {message.Offset}"));
                }

                end = begin;
                scanned += Chunk;
                if (scanned >= MaxScan)
                    return (found, Paging.CursorOf($"{Name(span)} {end}"));
            }
        }

        return (found, null);
    }

    /// <summary>The messages of a span of offsets, in their order.</summary>
    public async ValueTask<IReadOnlyList<StoredMessage>> ReadAsync(QueueState queue, long begin, long end, CancellationToken cancellationToken)
    {
        List<StoredMessage> messages = [];
        while (begin < end)
        {
            IReadOnlyList<StoredMessage> read = await Brokers.Messages.ReadAsync(Topic, queue.Broker, queue.QueueId, begin, (int)(end - begin), cancellationToken);
            if (read.Count == 0)
                break;

            messages.AddRange(read.Where(message => message.Offset < end));
            begin = read[^1].Offset + 1;
        }

        return messages;
    }

    /// <summary>Whether a message is looked for, as far as its key says.</summary>
    public bool Matches(StoredMessage message)
        => Key is null
            || message.MessageId == Key
            || message.Properties.GetString(PropertyNames.UniqueKey) == Key
            || message.Properties.GetString(PropertyNames.OriginMessageId) == Key
            || message.Properties.GetString(PropertyNames.Keys)?.Split(' ').Contains(Key, StringComparer.Ordinal) == true;

    private static string Name(QueueState queue) => string.Create(CultureInfo.InvariantCulture, $"{queue.Broker} {queue.QueueId:D10}");

    private static (string Queue, long Offset) Split(string after)
    {
        if (after.Length == 0)
            return (string.Empty, 0);

        int end = after.LastIndexOf(' ');
        return end > 0 && long.TryParse(after.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long offset)
            ? (after[..end], offset)
            : throw RefusalException.Invalid("cursor is not one that a page before answered with.");
    }
}
