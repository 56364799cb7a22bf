using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>LOCK_BATCH_MQ (41) and UNLOCK_BATCH_MQ (42): leases of queues for a member that consumes in order.</summary>
internal sealed class QueueLockHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        LockBatchBody body = LenientJson.Read(request.Body, RemotingJson.Bodies.LockBatchBody);
        if (string.IsNullOrEmpty(body.ConsumerGroup) || string.IsNullOrEmpty(body.ClientId))
        {
            request.Reply(ResponseCode.InvalidParameter, "consumerGroup and clientId are needed");
            return default;
        }

        if (request.Code == RequestCode.UnlockBatchMq)
        {
            foreach (MessageQueueData queue in Named(body))
            {
                core.Groups.Unlock(body.ConsumerGroup, queue.Topic, queue.QueueId, body.ClientId);
            }

            request.Reply(ResponseCode.Success);
            return default;
        }

        var answer = new LockBatchResponseBody { LockedQueues = [.. Named(body).Where(queue => Lock(body, queue))] };
        request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(answer, RemotingJson.Bodies.LockBatchResponseBody));
        return default;
    }

    // JSON may say null where our types do not.
    private static IEnumerable<MessageQueueData> Named(LockBatchBody body) => (body.Queues ?? []).Where(static queue => queue?.Topic is not null);

    // Only queues that exist: otherwise anybody could fill the table of locks.
    private bool Lock(LockBatchBody body, MessageQueueData queue) =>
        core.Topics.Find(queue.Topic) is { } topic
        && (uint)queue.QueueId < (uint)Math.Max(topic.ReadQueues, topic.WriteQueues)
        && core.Groups.TryLock(body.ConsumerGroup, queue.Topic, queue.QueueId, body.ClientId);
}
