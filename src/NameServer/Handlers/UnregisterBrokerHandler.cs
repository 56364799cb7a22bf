using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A broker leaves (104).</summary>
internal sealed class UnregisterBrokerHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = UnregisterBrokerRequestHeader.Read(request.Fields);
        routes.Unregister(header.ClusterName, header.BrokerAddress, header.BrokerName);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
