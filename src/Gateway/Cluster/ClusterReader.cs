using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>Reads the queues of the cluster. A queue's name is that of its broker, a point and its number.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ClusterReader(ClusterConnection connection, ILogger log) : IMessageReader
{
    /// <summary>What a broker finds at one time, at most.</summary>
    private const int MaxFound = 64;

    private readonly QueueReader _reader = new(connection);
    private readonly AdminClient _admin = new(connection);

    /// <summary>The brokers' part of a filter.</summary>
    public static MessageFilter FilterOf(GroupFilter filter) => filter.Sql is { } sql ? MessageFilter.BySql(sql) : MessageFilter.ByTags(filter.Tags.Text);

    public async ValueTask<IReadOnlyList<QueueRange>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        if (ClusterTopics.IsOwn(topic))
        {
            return [];
        }

        try
        {
            IReadOnlyList<QueueEnds> ends = await _admin.GetTopicEndsAsync(topic, cancellationToken).ConfigureAwait(false);
            return
            [
                .. ends
                    .OrderBy(queue => queue.Queue.BrokerName, StringComparer.Ordinal)
                    .ThenBy(queue => queue.Queue.QueueId)
                    .Select(queue => new QueueRange(NameOf(queue.Queue), queue.Queue.QueueId, queue.First, queue.End)),
            ];
        }
        catch (TopicNotFoundException)
        {
            return [];
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask<long> SearchAsync(string topic, string queue, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        MessageQueue at = await FindAsync(topic, queue, cancellationToken).ConfigureAwait(false);
        long found = await ClusterErrors.TranslateAsync(_reader.SearchOffsetAsync(at, time, cancellationToken)).ConfigureAwait(false);
        long end = await ClusterErrors.TranslateAsync(_reader.GetMaxOffsetAsync(at, cancellationToken)).ConfigureAwait(false);
        if (found != end - 1)
        {
            return Math.Min(found, end);
        }

        // A search that finds nothing later answers with the last one before.
        using PullResult last = await ClusterErrors
            .TranslateAsync(_reader.PullAsync(at, found, 1, TimeSpan.Zero, MessageFilter.All, cancellationToken))
            .ConfigureAwait(false);
        foreach (MessageView view in last)
        {
            return view.StoreTimestamp < time.ToUnixTimeMilliseconds() ? end : found;
        }

        return found;
    }

    public async ValueTask<QueueRead> ReadAsync(QueueQuery query, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        GroupFilter filter = query.Filter ?? GroupFilter.All;
        MessageQueue at = await FindAsync(query.Topic, query.Queue, cancellationToken).ConfigureAwait(false);
        using PullResult result = await ClusterErrors
            .TranslateAsync(_reader.PullAsync(at, query.Offset, query.MaxMessages, TimeSpan.Zero, FilterOf(filter), cancellationToken))
            .ConfigureAwait(false);
        try
        {
            return Copy(result, query, filter, batch);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask FindByKeyAsync(KeyQuery query, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ClusterTopics.ThrowIfReserved(query.Topic);
        IReadOnlyList<ReceivedMessage> found = await ClusterErrors
            .TranslateAsync(_admin.Messages.FindByKeyAsync(query.Topic, query.Key, Math.Min(query.Max, MaxFound), query.From, query.To, cancellationToken))
            .ConfigureAwait(false);
        foreach (ReceivedMessage message in found)
        {
            MessageCopy.Add(message, batch);
        }
    }

    public async ValueTask<FoundPublish?> FindPublishAsync(string topic, string uniqueKey, DateTimeOffset since, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ReceivedMessage> found = await ClusterErrors
            .TranslateAsync(_admin.Messages.FindByIdAsync(topic, uniqueKey, cancellationToken))
            .ConfigureAwait(false);
        ReceivedMessage? first = found.Where(message => message.StoredAt >= since).MinBy(message => message.StoredAt);
        return first is null
            ? null
            : new FoundPublish(
                new PublishReceipt(MessageCopy.IdOf(first.OffsetMessageId), first.Queue.QueueId, first.QueueOffset),
                new MessageProperties(first.PropertyText).GetString(PropertyNames.RequestDigest));
    }

    private static string NameOf(MessageQueue queue) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{queue.BrokerName}.{queue.QueueId}");

    private QueueRead Copy(PullResult result, in QueueQuery query, GroupFilter filter, MessageBatch batch)
    {
        long missed = result.Status == PullStatus.OffsetIllegal ? Math.Max(0, result.NextOffset - query.Offset) : 0;
        long bytes = 0;
        int count = 0;
        foreach (MessageView view in result)
        {
            if (view.QueueOffset < query.Offset || !(filter.Sql is not null || filter.Matches(query.Topic, view.Tag, default)))
            {
                continue;
            }

            bytes += view.StoredBody.Length + view.PropertyText.Length;
            if (count == query.MaxMessages || (count > 0 && bytes > query.MaxBytes))
            {
                return new QueueRead(view.QueueOffset, missed);
            }

            MessageCopy.Add(view, result.Queue, batch, log);
            count++;
        }

        return new QueueRead(result.Status == PullStatus.OffsetIllegal ? result.NextOffset : Math.Max(query.Offset, result.NextOffset), missed);
    }

    /// <summary>A queue by its name; its number alone will do where there is only one of it.</summary>
    private async ValueTask<MessageQueue> FindAsync(string topic, string queue, CancellationToken cancellationToken)
    {
        ClusterTopics.ThrowIfReserved(topic);
        IReadOnlyList<MessageQueue> queues = await ClusterErrors.TranslateAsync(_reader.ListQueuesAsync(topic, cancellationToken)).ConfigureAwait(false);
        if (queues.Count == 0)
        {
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
        }

        List<MessageQueue> named = [.. queues.Where(candidate => NameOf(candidate) == queue)];
        if (named.Count == 0)
        {
            named = [.. queues.Where(candidate => candidate.QueueId.ToString(System.Globalization.CultureInfo.InvariantCulture) == queue)];
        }

        return named.Count == 1
            ? named[0]
            : throw new BridgeException(BridgeError.InvalidArgument, $"Topic {topic} has no queue {queue}, or more than one; names are such as {NameOf(queues[0])}.");
    }
}
