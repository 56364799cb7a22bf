using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Answers that scripted servers give.</summary>
internal static class Answers
{
    /// <summary>A name server that knows the topics given: each with its brokers and so many queues on each.</summary>
    public static (int, Action<RemotingRequest>) Routes(Func<string, TopicRouteData?> find) => (RequestCode.GetRouteInfoByTopic, request =>
    {
        string topic = GetRouteInfoRequestHeader.Read(request.Fields).Topic;
        if (find(topic) is { } route)
        {
            request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(route, RemotingJson.Bodies.TopicRouteData));
        }
        else
        {
            request.Reply(ResponseCode.TopicNotExist, $"no topic {topic}");
        }
    });

    public static TopicRouteData Route(int queues, params (string Name, string Address)[] brokers) => new()
    {
        Brokers = [.. brokers.Select(broker => new BrokerData
        {
            BrokerName = broker.Name,
            Cluster = "c",
            Addresses = new SortedDictionary<long, string> { [0] = broker.Address },
        })],
        Queues = [.. brokers.Select(broker => new QueueData { BrokerName = broker.Name, Permission = 6, ReadQueues = queues, WriteQueues = queues })],
    };

    public static (int, Action<RemotingRequest>) Heartbeats => (RequestCode.Heartbeat, request => request.Reply(ResponseCode.Success));

    public static (int, Action<RemotingRequest>) Leaves => (RequestCode.UnregisterClient, request => request.Reply(ResponseCode.Success));

    /// <summary>A broker that stores whatever it is sent.</summary>
    public static (int, Action<RemotingRequest>) Stores() => (RequestCode.SendMessageV2, Store);

    public static void Store(RemotingRequest request)
    {
        SendMessageRequestHeader sent = SendMessageRequestHeaderV2.Read(request.Fields).Header;
        request.Reply(ResponseCode.Success, new SendMessageResponseHeader
        {
            MessageId = "7F00000100002A9F0000000000000010",
            QueueId = sent.QueueId,
            QueueOffset = 7,
        });
    }

    public static (int, Action<RemotingRequest>) Refuses(int code, string remark = "scripted")
        => (RequestCode.SendMessageV2, request => request.Reply(code, remark));

    /// <summary>A broker that never answers a send.</summary>
    public static (int, Action<RemotingRequest>) Hangs => (RequestCode.SendMessageV2, _ => { });
}
