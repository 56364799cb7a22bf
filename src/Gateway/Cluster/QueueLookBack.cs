using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Filters;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>Looks through the queues of a topic once, from one time to another: all that was stored before it begins, or it fails.</summary>
internal sealed class QueueLookBack(ClusterConnection connection, QueueReader reader, LookBack look)
{
    private const int BatchMessages = 256;

    /// <summary>What a broker has stored it shows in so long.</summary>
    private static readonly TimeSpan ShowWait = TimeSpan.FromSeconds(1);

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        foreach (MessageQueue queue in await ListQueuesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!await LookAsync(queue, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>The queues of all brokers that must be looked at. A broker that was killed is forgotten until it registers again; its messages are not gone.</summary>
    private async ValueTask<IReadOnlyList<MessageQueue>> ListQueuesAsync(CancellationToken cancellationToken)
    {
        if (look.Brokers.Count > 0)
        {
            // Before the route is asked for: a broker that is there has told its topics, too.
            IReadOnlyDictionary<string, string> masters = await new FilterQueueCalls(connection).MastersAsync(cancellationToken).ConfigureAwait(false);
            if (look.Brokers.FirstOrDefault(broker => !masters.ContainsKey(broker)) is { } missing)
            {
                throw new ClusterUnreachableException(
                    $"Broker {missing} may have messages of topic {look.Topic} that must be known first, and the name servers do not know it now.", false, null);
            }
        }

        TopicRoute? route = await connection.Routes.AskAfreshAsync(look.Topic, cancellationToken).ConfigureAwait(false)
            ?? await connection.Routes.RefreshAsync(look.Topic, cancellationToken).ConfigureAwait(false);
        return route?.ReadQueues ?? [];
    }

    /// <summary>Looks through one queue; false when it was enough.</summary>
    private async ValueTask<bool> LookAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        long end = await reader.GetStoredEndAsync(queue, cancellationToken).ConfigureAwait(false);
        long next = await reader.SearchOffsetAsync(queue, look.From, cancellationToken).ConfigureAwait(false);
        while (next < end)
        {
            using PullResult result = await reader.PullAsync(queue, next, BatchMessages, ShowWait, "*", cancellationToken).ConfigureAwait(false);
            (bool goOn, bool enough) = Show(result);
            if (enough || !goOn)
            {
                return !enough;
            }

            if (result.NextOffset <= next)
            {
                throw new ClusterUnreachableException($"{queue} has messages up to {end} and shows those up to {next}.", false, null);
            }

            next = result.NextOffset;
        }

        return true;
    }

    private (bool GoOn, bool Enough) Show(PullResult result)
    {
        long from = look.From.ToUnixTimeMilliseconds();
        long to = look.To.ToUnixTimeMilliseconds();
        foreach (MessageView view in result)
        {
            if (view.StoreTimestamp > to)
            {
                return (false, false);
            }

            // A search that finds nothing later answers with the last one before.
            if (view.StoreTimestamp >= from && !look.Show(new MessageProperties(view.PropertyText.ToArray())))
            {
                return (false, true);
            }
        }

        return (true, false);
    }
}
