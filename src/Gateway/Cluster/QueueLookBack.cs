using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>Looks through the queues of a topic once, from one time to another.</summary>
internal static class QueueLookBack
{
    private const int BatchMessages = 256;

    public static async ValueTask RunAsync(QueueReader reader, LookBack look, CancellationToken cancellationToken)
    {
        foreach (MessageQueue queue in await reader.ListQueuesAsync(look.Topic, cancellationToken).ConfigureAwait(false))
        {
            long next = await reader.SearchOffsetAsync(queue, look.From, cancellationToken).ConfigureAwait(false);
            while (next >= 0)
            {
                using PullResult result = await reader.PullAsync(queue, next, BatchMessages, TimeSpan.Zero, "*", cancellationToken).ConfigureAwait(false);
                (bool goOn, bool enough) = Show(result, look);
                if (enough)
                {
                    return;
                }

                next = goOn && result.NextOffset > next ? result.NextOffset : -1;
            }
        }
    }

    private static (bool GoOn, bool Enough) Show(PullResult result, LookBack look)
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
