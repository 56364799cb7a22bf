using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Forbids writing to a broker in all routes (205).</summary>
internal sealed class WipeWritePermissionHandler(RouteTable routes, ILogger logger) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = WipeWritePermOfBrokerRequestHeader.Read(request.Fields);
        var topics = routes.ForbidWriting(header.BrokerName);
        NameServerLog.WritingForbidden(logger, header.BrokerName, topics, request.Connection.RemoteEndPoint);
        request.Reply(ResponseCode.Success, new WipeWritePermOfBrokerResponseHeader { WipeTopicCount = topics });
        return default;
    }
}
