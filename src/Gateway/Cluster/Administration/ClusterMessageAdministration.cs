using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Cluster.Administration;

/// <summary>Messages in the logs of a cluster.</summary>
internal sealed class ClusterMessageAdministration(AdminClient admin, QueueReader reader) : IMessageAdministration
{
    private const int MaxOfAQuery = 64;
    private const int MaxOfAPull = 32;

    public async ValueTask<StoredMessage?> FindAsync(string messageId, CancellationToken cancellationToken = default)
    {
        StoredMessage? found = await FindReceivedAsync(messageId, cancellationToken).ConfigureAwait(false) is { } received ? Copy(received) : null;
        return found is not null && ClusterTopics.IsOwn(found.Topic) ? null : found;
    }

    public async ValueTask<IReadOnlyList<StoredMessage>> FindByKeyAsync(string topic, string key, int max, CancellationToken cancellationToken = default)
    {
        if (ClusterTopics.IsOwn(topic))
        {
            return [];
        }

        try
        {
            IReadOnlyList<ReceivedMessage> found = await admin.Messages
                .FindByKeyAsync(topic, key, Math.Min(max, MaxOfAQuery), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return [.. found.Select(Copy)];
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

    public async ValueTask<IReadOnlyList<StoredMessage>> ReadAsync(string topic, string broker, int queueId, long offset, int max, CancellationToken cancellationToken = default)
    {
        if (ClusterTopics.IsOwn(topic))
        {
            return [];
        }

        var queue = new MessageQueue(topic, broker, queueId);
        using PullResult pulled = await ClusterErrors
            .TranslateAsync(reader.PullAsync(queue, offset, Math.Min(max, MaxOfAPull), TimeSpan.Zero, "*", cancellationToken))
            .ConfigureAwait(false);
        List<StoredMessage> messages = [];
        foreach (MessageView view in pulled)
        {
            messages.Add(Copy(view, queue));
        }

        return messages;
    }

    public ValueTask<long> SearchAsync(string topic, string broker, int queueId, DateTimeOffset time, CancellationToken cancellationToken = default)
        => ClusterErrors.TranslateAsync(reader.SearchOffsetAsync(new MessageQueue(topic, broker, queueId), time, cancellationToken));

    public async ValueTask<string> ResendAsync(string group, StoredMessage deadLetter, CancellationToken cancellationToken = default)
    {
        ReceivedMessage received = await FindReceivedAsync(deadLetter.MessageId, cancellationToken).ConfigureAwait(false)
            ?? throw new BridgeException(BridgeError.InvalidArgument, $"Dead letter {deadLetter.MessageId} is not in the log any more.");
        SendReceipt receipt = await ClusterErrors.TranslateAsync(admin.Messages.ResendAsync(group, received, cancellationToken)).ConfigureAwait(false);
        return receipt.OffsetMessageId ?? receipt.MessageId ?? string.Empty;
    }

    private async ValueTask<ReceivedMessage?> FindReceivedAsync(string messageId, CancellationToken cancellationToken)
    {
        if (!OffsetMessageId.TryParse(messageId, out HostAddress host, out _))
        {
            return null;
        }

        try
        {
            // An id names the address to ask: one that is no broker's must not be connected to.
            IReadOnlyList<BrokerRoute> brokers = await admin.ListBrokersAsync(cancellationToken).ConfigureAwait(false);
            string address = host.ToString();
            return brokers.Any(broker => broker.Addresses.Values.Contains(address))
                ? await admin.Messages.GetAsync(messageId, cancellationToken).ConfigureAwait(false)
                : null;
        }
        catch (RequestRefusedException)
        {
            return null;
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    private static StoredMessage Copy(ReceivedMessage message) => new(
        message.OffsetMessageId,
        message.Queue.Topic,
        message.Queue.BrokerName,
        message.Queue.QueueId,
        message.QueueOffset,
        message.BornAt,
        message.BornHost.ToString(),
        message.StoredAt,
        message.StoreHost.ToString(),
        message.ReconsumeTimes,
        new MessageProperties(message.PropertyText),
        message.Body);

    private static StoredMessage Copy(in MessageView view, MessageQueue queue)
    {
        Span<byte> host = stackalloc byte[HostAddress.V6Size];
        return new StoredMessage(
            view.OffsetMessageId,
            queue.Topic,
            queue.BrokerName,
            queue.QueueId,
            view.QueueOffset,
            Time(view.BornTimestamp),
            string.Empty,
            Time(view.StoreTimestamp),
            HostAddress.Read(host[..view.CopyStoreHost(host)]).ToString(),
            view.ReconsumeTimes,
            new MessageProperties(view.PropertyText.ToArray()),
            view.ReadBody().ToArray());
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
