using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A broker asks whether its topics changed since it registered them (322).</summary>
internal sealed class QueryDataVersionHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = QueryDataVersionRequestHeader.Read(request.Fields);
        var asked = LenientJson.Read(request.Body, RemotingJson.Bodies.DataVersion);
        var known = routes.VersionOf(header.ClusterName, header.BrokerAddress);
        routes.Touch(header.ClusterName, header.BrokerAddress);
        request.Reply(
            ResponseCode.Success,
            new QueryDataVersionResponseHeader { Changed = known != asked },
            known is null ? default : LenientJson.Write(known, RemotingJson.Bodies.DataVersion));
        return default;
    }
}
