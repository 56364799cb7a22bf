using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>The topics of a cluster (224).</summary>
internal sealed class TopicsByClusterHandler(RouteTable routes, LiveSettings settings) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        if (!settings.Values.EnableTopicList)
        {
            request.Reply(ResponseCode.SystemError, "disable");
            return default;
        }
        var header = GetTopicsByClusterRequestHeader.Read(request.Fields);
        request.Reply(
            ResponseCode.Success, default(NoFields), LenientJson.Write(routes.GetTopicsOf(header.Cluster), RemotingJson.Bodies.TopicList));
        return default;
    }
}
