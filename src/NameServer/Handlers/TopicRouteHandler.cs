using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Who has a topic (105).</summary>
internal sealed class TopicRouteHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = GetRouteInfoRequestHeader.Read(request.Fields);
        if (routes.FindRoute(header.Topic) is { } route)
        {
            request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(route, RemotingJson.Bodies.TopicRouteData));
            return default;
        }
        NameServerMetrics.UnknownTopics.Add(1);
        request.Reply(ResponseCode.TopicNotExist, $"No topic route info in name server for the topic: {header.Topic}");
        return default;
    }
}
