using System.Collections.Concurrent;
using System.Globalization;
using ProtoBridgeMQ.Client.Sending;

namespace ProtoBridgeMQ.Client.Requests;

/// <summary>A producer's requests, and its replies to the requests of others.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RequestReply(ClusterConnection connection, MessageSender sender)
{
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    public async ValueTask<ReceivedMessage> RequestAsync(Message message, SendTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long start = connection.Options.TimeProvider.GetTimestamp();
        TopicRoute route = await sender.RouteAsync(message.Topic, cancellationToken).ConfigureAwait(false);
        await BeKnownAsync(route, cancellationToken).ConfigureAwait(false);

        string correlation = connection.Keys.Next();
        Task<ReceivedMessage> reply = connection.Replies.Add(correlation);
        try
        {
            SendReceipt receipt = await sender.SendAsync(message, target, Asks(correlation, timeout), cancellationToken).ConfigureAwait(false);
            TimeSpan left = timeout - connection.Options.TimeProvider.GetElapsedTime(start);
            try
            {
                return await reply.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, connection.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException late)
            {
                throw new RequestTimeoutException(
                    $"The request {receipt.MessageId} was stored in {receipt.Queue}, and no reply came within {timeout}. Whoever handles topic {message.Topic} may be slow, or away, or does not reply.",
                    true,
                    null,
                    late);
            }
        }
        finally
        {
            connection.Replies.Remove(correlation);
        }
    }

    /// <summary>Sends a reply to the broker that has the request, where who asked is connected.</summary>
    public async ValueTask<SendReceipt> ReplyAsync(ReceivedMessage request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> asked = request.Properties;
        if (!asked.TryGetValue("CLUSTER", out string? cluster)
            || !asked.TryGetValue("CORRELATION_ID", out string? correlation)
            || !asked.TryGetValue("REPLY_TO_CLIENT", out string? client))
        {
            throw new InvalidMessageException(
                $"The message {request.MessageId} is no request: it has not all of the properties CORRELATION_ID, REPLY_TO_CLIENT and CLUSTER, the last of which its broker adds.");
        }

        var to = new ReplyTo(cluster, correlation, client, asked.GetValueOrDefault("TTL") ?? "0");
        TopicRoute route = await sender.RouteAsync(to.Topic, cancellationToken).ConfigureAwait(false);
        MessageQueue? near = route.WriteQueues.Where(queue => queue.BrokerName == request.Queue.BrokerName).Cast<MessageQueue?>().FirstOrDefault();
        return await ReplyAsync(to, near is { } queue ? new SendTarget(queue, null) : SendTarget.Any, body, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a reply to one broker, or any.</summary>
    public ValueTask<SendReceipt> ReplyAsync(ReplyTo to, SendTarget target, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        SystemProperty[] properties =
        [
            new("MSG_TYPE", "reply"),
            new("CORRELATION_ID", to.CorrelationId),
            new("REPLY_TO_CLIENT", to.Client),
            new("TTL", to.TimeToLive),
        ];
        return sender.SendAsync(new Message(to.Topic, body), target, new SendPurpose(SendKind.Reply, 0, properties), cancellationToken);
    }

    private SendPurpose Asks(string correlation, TimeSpan timeout) => new(
        SendKind.Message,
        0,
        [
            new SystemProperty("CORRELATION_ID", correlation),
            new SystemProperty("REPLY_TO_CLIENT", connection.ClientId),
            new SystemProperty("TTL", ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)),
        ]);

    /// <summary>A broker hands a reply on only to a client that it has heard of: before the first request, it hears of us.</summary>
    private async ValueTask BeKnownAsync(TopicRoute route, CancellationToken cancellationToken)
    {
        if (route.Brokers.All(broker => _told.ContainsKey(broker.Name)))
        {
            return;
        }

        foreach (string cluster in route.Brokers.Select(broker => broker.Cluster).Distinct())
        {
            // Repliers may send to any broker of the reply topic.
            await connection.Routes.FindAsync(ReplyTo.TopicOf(cluster), cancellationToken).ConfigureAwait(false);
        }

        await connection.Heartbeats.BeatOnceAsync(cancellationToken).ConfigureAwait(false);
        foreach (BrokerRoute broker in route.Brokers)
        {
            _told[broker.Name] = true;
        }
    }
}
