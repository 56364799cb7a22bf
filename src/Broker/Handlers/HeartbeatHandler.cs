using System.Text;
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

        SendStatus status = Produce(request, heartbeat);
        string? refused = null;
        foreach (ConsumerData consumer in (heartbeat.Consumers ?? []).Where(static consumer => consumer?.GroupName is not null))
        {
            SendStatus joined = Consume(request, heartbeat.ClientId, consumer, out ClientMember member);
            status = joined is SendStatus.Busy or SendStatus.SubscriptionDiffers ? joined : status;
            refused ??= member.Refused;
        }

        request.Reply(
            ResponseCodes.Of(status),
            status == SendStatus.Ok ? null : status == SendStatus.SubscriptionDiffers ? refused : "broker busy: a limit of clients, members or subscriptions is reached");
        return default;
    }

    private SendStatus Produce(RemotingRequest request, HeartbeatData heartbeat)
    {
        RemotingConnection connection = request.Connection;
        foreach (ProducerData producer in (heartbeat.Producers ?? []).Where(static producer => producer?.GroupName is not null))
        {
            var member = new ProducerConnection(connection)
            {
                Group = producer.GroupName,
                ClientId = heartbeat.ClientId,
                Address = AddressOf(connection),
                Language = LanguageOf(request),
                Version = request.Header.Version,
                HeardAt = core.Statistics.Now,
            };
            if (!core.Tables.Producers.Renew(member))
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

    private SendStatus Consume(RemotingRequest request, string clientId, ConsumerData consumer, out ClientMember member)
    {
        member = new ClientMember(request.Connection)
        {
            Group = consumer.GroupName,
            ClientId = clientId,
            Subscriptions = [.. (consumer.Subscriptions ?? []).Where(static data => data?.Topic is not null).Select(Subscription)],
            Model = consumer.MessageModel == "BROADCASTING" ? GroupModel.Broadcasting : GroupModel.Clustering,
            ConsumeType = consumer.ConsumeType ?? string.Empty,
            ConsumeFromWhere = consumer.ConsumeFromWhere ?? string.Empty,
            Address = AddressOf(request.Connection),
            Language = LanguageOf(request),
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

    private static string AddressOf(RemotingConnection connection) => connection.RemoteEndPoint?.ToString() ?? "unknown";

    private static string LanguageOf(RemotingRequest request) => Encoding.ASCII.GetString(LanguageNames.ToUtf8(request.Header.Language));

    private GroupSubscription Subscription(SubscriptionData data)
    {
        string type = string.IsNullOrEmpty(data.ExpressionType) ? FilterCompiler.Tags : data.ExpressionType.ToUpperInvariant();
        string expression = data.Expression ?? "*";
        FilterRefusal? refusal = data.ClassFilterMode
            ? new FilterRefusal(FilterRefusalKind.NotSupported, "The broker does not support consumer to filter message by class")
            : null;
        IMessageFilter filter = (refusal is null ? core.Filters.Compile(type, expression, out refusal) : null) ?? TagFilter.All;
        return new GroupSubscription(data.Topic, expression, data.Version, filter, type) { Refusal = refusal };
    }
}
