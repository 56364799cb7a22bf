using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProducerConnectionBody = ProtoBridgeMQ.Remoting.Bodies.ProducerConnection;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_CONSUMER_CONNECTION_LIST (203): the members of a group and what it reads.</summary>
internal sealed class ConsumerConnectionsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string name = GetConsumerConnectionListRequestHeader.Read(request.Fields).ConsumerGroup;
        if (core.Tables.Consumers.FindMembers(name) is not { } group || group.Members() is not [.., { } last] members)
        {
            return Answer.With(request, ResponseCode.ConsumerNotOnline, $"the consumer group[{name}] not online");
        }

        var body = new ConsumerConnection
        {
            ConsumeFromWhere = last.ConsumeFromWhere,
            ConsumeType = last.ConsumeType,
            MessageModel = group.Model == GroupModel.Broadcasting ? "BROADCASTING" : "CLUSTERING",
        };
        foreach (GroupSubscription subscription in group.Subscriptions())
        {
            SubscriptionData shown = SubscriptionText.Of(subscription);
            shown.Expression = group.Difference(subscription.Topic) ?? shown.Expression;
            body.Subscriptions[subscription.Topic] = shown;
        }

        body.Connections.AddRange(members.Select(static member => new ConnectionData
        {
            ClientId = member.ClientId,
            ClientAddress = member.Address,
            Language = member.Language,
            Version = member.Version,
        }));
        return Answer.With(request, body, AdminJson.Bodies.ConsumerConnection);
    }
}

/// <summary>GET_PRODUCER_CONNECTION_LIST (204): the producers of a group.</summary>
internal sealed class ProducerConnectionsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string group = GetProducerConnectionListRequestHeader.Read(request.Fields).ProducerGroup;
        var body = new ProducerConnectionBody();
        body.Connections.AddRange(core.Tables.Producers.Members(group).Select(static member => new ConnectionData
        {
            ClientId = member.ClientId,
            ClientAddress = member.Address,
            Language = member.Language,
            Version = member.Version,
        }));
        return body.Connections.Count == 0
            ? Answer.With(request, ResponseCode.SystemError, $"the producer group[{group}] not exist")
            : Answer.With(request, body, AdminJson.Bodies.ProducerConnection);
    }
}

/// <summary>GET_ALL_PRODUCER_INFO (328): all producers by group.</summary>
internal sealed class AllProducersHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var body = new ProducerTableInfo();
        foreach (IGrouping<string, ProducerMember> group in core.Tables.Producers.Members(group: null).GroupBy(static member => member.Group, StringComparer.Ordinal))
        {
            body.Groups[group.Key] =
            [
                .. group.Select(static member => new ProducerInfo
                {
                    ClientId = member.ClientId,
                    RemoteAddress = member.Address,
                    Language = member.Language,
                    Version = member.Version,
                    LastUpdateTimestamp = member.HeardAt,
                }),
            ];
        }

        return Answer.With(request, body, AdminJson.Bodies.ProducerTableInfo);
    }
}
