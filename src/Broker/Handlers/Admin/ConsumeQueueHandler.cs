using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>QUERY_CONSUME_QUEUE (321): entries of a queue as they are on disk.</summary>
internal sealed class ConsumeQueueHandler(BrokerCore core) : IRequestHandler
{
    /// <summary>Entries in one answer, whatever is asked.</summary>
    private const int Most = 1024;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        QueryConsumeQueueRequestHeader header = QueryConsumeQueueRequestHeader.Read(request.Fields);
        if (header.Topic is null || !core.Store.TryGetQueue(header.Topic, header.QueueId, out ConsumeQueue? queue))
        {
            return Answer.With(request, ResponseCode.SystemError, $"{header.QueueId}@{header.Topic} is not exist!");
        }

        var body = new QueryConsumeQueueResponseBody { MinQueueIndex = queue.MinOffset, MaxQueueIndex = queue.MaxOffset };
        GroupSubscription? subscription = null;
        if (header.ConsumerGroup is { } group)
        {
            subscription = core.Tables.Consumers.FindMembers(group)?.Subscription(header.Topic);
            body.Subscription = subscription is null ? null : SubscriptionText.Of(subscription);
            body.Filter = subscription is null ? $"{group}@{header.Topic} is not online!" : subscription.Expression;
        }

        if (header.Index < queue.MinOffset || header.Index >= queue.MaxOffset)
        {
            return Answer.With(request, ResponseCode.Success, $"Index {header.Index} of {header.QueueId}@{header.Topic} is not exist!");
        }

        body.Entries = Entries(queue, header.Index, Math.Clamp(header.Count, 0, Most), subscription);
        return Answer.With(request, body, AdminJson.Bodies.QueryConsumeQueueResponseBody);
    }

    private static List<ConsumeQueueData> Entries(ConsumeQueue queue, long index, int count, GroupSubscription? subscription)
    {
        var entries = new QueueEntry[count];
        int read = count == 0 ? 0 : queue.ReadEntries(index, entries);
        var list = new List<ConsumeQueueData>(read);
        for (int i = 0; i < read; i++)
        {
            list.Add(new ConsumeQueueData
            {
                PhysicalOffset = entries[i].PhysicalOffset,
                PhysicalSize = entries[i].Size,
                TagsCode = entries[i].TagsCode,
                Matches = subscription?.Filter.MatchesHash(entries[i].TagsCode) == true,
            });
        }

        return list;
    }
}
