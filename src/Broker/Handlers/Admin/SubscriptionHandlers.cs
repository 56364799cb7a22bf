using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>QUERY_TOPIC_CONSUME_BY_WHO (300): groups that read a topic now, or have progress in it.</summary>
internal sealed class TopicConsumersHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string topic = QueryTopicConsumeByWhoRequestHeader.Read(request.Fields).Topic;
        var list = new GroupList { Groups = [.. core.Tables.Consumers.GroupsReading(topic).Union(core.Offsets.GroupsOf(topic)).Order(StringComparer.Ordinal)] };
        return Answer.With(request, list, AdminJson.Bodies.GroupList);
    }
}

/// <summary>QUERY_TOPICS_BY_CONSUMER (343): topics in which a group has progress.</summary>
internal sealed class ConsumerTopicsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string group = QueryTopicsByConsumerRequestHeader.Read(request.Fields).Group;
        var list = new TopicList { BrokerAddress = core.StoreHost.ToString(), Topics = [.. core.Tables.Offsets.TopicsOf(group)] };
        return Answer.With(request, list, RemotingJson.Bodies.TopicList);
    }
}

/// <summary>QUERY_SUBSCRIPTION_BY_CONSUMER (345): what a group reads of a topic now.</summary>
internal sealed class ConsumerSubscriptionHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        QuerySubscriptionByConsumerRequestHeader header = QuerySubscriptionByConsumerRequestHeader.Read(request.Fields);
        GroupSubscription? subscription = header.Topic is null ? null : core.Tables.Consumers.FindMembers(header.Group)?.Subscription(header.Topic);
        var body = new QuerySubscriptionResponseBody
        {
            Group = header.Group,
            Topic = header.Topic,
            Subscription = subscription is null ? null : SubscriptionText.Of(subscription),
        };
        return Answer.With(request, body, AdminJson.Bodies.QuerySubscriptionResponseBody);
    }
}
