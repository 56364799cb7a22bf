using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>HEART_BEAT (34): a client says in which groups it produces and consumes, and what.</summary>
internal sealed class HeartbeatHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        HeartbeatData heartbeat = LenientJson.Read(request.Body, RemotingJson.Bodies.HeartbeatData);
        if (string.IsNullOrEmpty(heartbeat.ClientId))
        {
            request.Reply(ResponseCode.SystemError, "the heartbeat has no clientID");
            return default;
        }

        if (heartbeat.WithoutSubscriptions)
        {
            // We never said that we keep them: the client sends a whole heartbeat when it is told that they changed.
            request.Reply(ResponseCode.Success, new HeartbeatResponseHeader { SupportsHeartbeatV2 = false, SubscriptionChanged = true });
            return default;
        }

        SendStatus status = Produce(request.Connection, heartbeat);
        foreach (ConsumerData consumer in heartbeat.Consumers)
        {
            SendStatus joined = Consume(request, heartbeat.ClientId, consumer);
            status = joined == SendStatus.Busy ? joined : status;
        }

        request.Reply(
            ResponseCodes.Of(status),
            status == SendStatus.Ok ? null : "broker busy: a limit of clients, members or subscriptions is reached");
        return default;
    }

    private SendStatus Produce(RemotingConnection connection, HeartbeatData heartbeat)
    {
        foreach (ProducerData producer in heartbeat.Producers)
        {
            if (!core.Tables.Producers.Renew(new ProducerConnection(connection) { Group = producer.GroupName, ClientId = heartbeat.ClientId }))
            {
                return SendStatus.Busy;
            }

            ClientNames names = ClientConnections.NamesOf(connection);
            lock (names)
            {
                names.Producers.Add((producer.GroupName, heartbeat.ClientId));
            }
        }

        return SendStatus.Ok;
    }

    private SendStatus Consume(RemotingRequest request, string clientId, ConsumerData consumer)
    {
        var member = new ClientMember(request.Connection)
        {
            Group = consumer.GroupName,
            ClientId = clientId,
            Subscriptions = [.. consumer.Subscriptions.Select(Subscription)],
            Model = consumer.MessageModel == "BROADCASTING" ? GroupModel.Broadcasting : GroupModel.Clustering,
            ConsumeType = consumer.ConsumeType,
            ConsumeFromWhere = consumer.ConsumeFromWhere,
            Address = request.Connection.RemoteEndPoint?.ToString() ?? "unknown",
            Language = request.Header.Language.ToString(),
            Version = request.Header.Version,
        };
        SendStatus joined = core.Groups.Join(member);
        if (joined == SendStatus.Ok)
        {
            ClientNames names = ClientConnections.NamesOf(request.Connection);
            lock (names)
            {
                names.ConsumerGroups.Add(consumer.GroupName);
            }
        }

        return joined;
    }

    private GroupSubscription Subscription(SubscriptionData data)
    {
        string type = string.IsNullOrEmpty(data.ExpressionType) ? FilterCompiler.Tags : data.ExpressionType.ToUpperInvariant();
        string expression = data.Expression ?? "*";
        IMessageFilter filter = core.Filters.Compile(type, expression, out _) ?? TagFilter.All;
        return new GroupSubscription(data.Topic, expression, data.Version, filter, type);
    }
}
