using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Takes a topic out of the routes (216). A broker that still has it brings it back when it registers all its topics.</summary>
internal sealed class DeleteTopicHandler(RouteTable routes) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = DeleteTopicFromNameServerRequestHeader.Read(request.Fields);
        routes.DeleteTopic(header.Topic, header.ClusterName);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
