using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>All topics (206).</summary>
internal sealed class TopicListHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        request.Reply(
            ResponseCode.Success, default(NoFields), LenientJson.Write(routes.GetTopics(), RemotingJson.Bodies.TopicList));
        return default;
    }
}
