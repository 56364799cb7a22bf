using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>The addresses of a broker set (901).</summary>
internal sealed class BrokerMemberGroupHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = GetBrokerMemberGroupRequestHeader.Read(request.Fields);
        var body = new BrokerMemberGroupBody { Group = routes.GetMembers(header.ClusterName, header.BrokerName) };
        request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(body, RemotingJson.BareNumberKeys.BrokerMemberGroupBody));
        return default;
    }
}
