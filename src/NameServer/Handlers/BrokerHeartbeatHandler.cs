using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>A broker says it lives (904). Brokers from 5.0 on send this between registrations.</summary>
internal sealed class BrokerHeartbeatHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = BrokerHeartbeatRequestHeader.Read(request.Fields);
        routes.Touch(header.ClusterName, header.BrokerAddress);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
