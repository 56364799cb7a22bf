using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A broker adds one topic (217). Ignored when it names a broker that is not registered, as by Apache's name server.</summary>
internal sealed class RegisterTopicHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = RegisterTopicRequestHeader.Read(request.Fields);
        var route = LenientJson.Read(request.Body, RemotingJson.Bodies.TopicRouteData);
        routes.EnterTopic(header.Topic, [.. (route.Queues ?? []).Where(static queue => queue?.BrokerName is not null)]);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
