using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>All brokers (106).</summary>
internal sealed class ClusterInfoHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        request.Reply(
            ResponseCode.Success, default(NoFields), LenientJson.Write(routes.GetClusterInfo(), RemotingJson.BareNumberKeys.ClusterInfo));
        return default;
    }
}
