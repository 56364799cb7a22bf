using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Requests;
using ProtoBridgeMQ.Client.Sending;

namespace ProtoBridgeMQ.Gateway.Cluster.Exchanges;

/// <summary>Request-reply over the gateway's producer: brokers hand replies on to it as to other RocketMQ clients.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ClusterRequests(ClusterConnection connection, Producer producer) : IRequests
{
    /// <summary>Refuses a message that cannot be published.</summary>
    public required Action<PublishMessage> Check { get; init; }

    public async ValueTask<Reply> RequestAsync(PublishMessage message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        Check(message);
        if (message.Delay > TimeSpan.Zero || message.Retain)
        {
            throw new BridgeException(BridgeError.InvalidArgument, "A request has no delay and is not retained.");
        }

        var request = new Message(message.Topic, message.Body) { PropertyText = message.Properties.Text, BornAt = message.BornAt };
        ReceivedMessage reply = await ClusterErrors
            .TranslateAsync(producer.RequestToAsync(request, new SendTarget(null, message.OrderingHash), timeout, cancellationToken))
            .ConfigureAwait(false);
        return new Reply(new MessageProperties(reply.PropertyText), reply.Body);
    }

    /// <summary>Who asked is known to some brokers, and nobody says to which: the brokers of the cluster are tried one after the other.</summary>
    public async ValueTask ReplyAsync(ReplyAddress to, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        var address = new ReplyTo(to.Cluster, to.CorrelationId, to.Client, to.TimeToLive);
        MessageQueue[] queues = await QueuesAsync(address, cancellationToken).ConfigureAwait(false);
        RequestRefusedException? refused = null;
        foreach (MessageQueue queue in queues)
        {
            try
            {
                await producer.ReplyByAsync(address, queue, body, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RequestRefusedException failure)
            {
                refused = failure;
            }
            catch (ProtoBridgeMqException failure)
            {
                throw ClusterErrors.ToException(failure);
            }
        }

        throw new BridgeException(BridgeError.DeliveryUnknown, $"Who asked ({to.Client}) is gone, or waits for this reply no more.", innerException: refused);
    }

    private async ValueTask<MessageQueue[]> QueuesAsync(ReplyTo to, CancellationToken cancellationToken)
    {
        if (!TopicNames.IsValid(to.Topic))
        {
            throw new BridgeException(BridgeError.InvalidArgument, "The address of the reply names no cluster.");
        }

        TopicRoute? route = await ClusterErrors.TranslateAsync(connection.Routes.FindAsync(to.Topic, cancellationToken)).ConfigureAwait(false);
        return [.. (route?.WriteQueues ?? []).DistinctBy(static queue => queue.BrokerName)];
    }
}
