using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Allows writing to a broker in all routes (327).</summary>
internal sealed class AddWritePermissionHandler(RouteTable routes, ILogger logger) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = AddWritePermOfBrokerRequestHeader.Read(request.Fields);
        var topics = routes.AllowWriting(header.BrokerName);
        NameServerLog.WritingAllowed(logger, header.BrokerName, topics, request.Connection.RemoteEndPoint);
        request.Reply(ResponseCode.Success, new AddWritePermOfBrokerResponseHeader { AddTopicCount = topics });
        return default;
    }
}
