using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>GET_CONSUMER_LIST_BY_GROUP (38): the client ids over which members share out the queues.</summary>
internal sealed class ConsumerListHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetConsumerListByGroupRequestHeader header = GetConsumerListByGroupRequestHeader.Read(request.Fields);
        IReadOnlyList<string> clientIds = core.Groups.ClientIds(header.ConsumerGroup);
        if (clientIds.Count == 0)
        {
            request.Reply(ResponseCode.SystemError, $"no consumer for this group, {header.ConsumerGroup}");
            return default;
        }

        var body = new ConsumerListBody { ConsumerIds = [.. clientIds] };
        request.Reply(ResponseCode.Success, default(EmptyFields), LenientJson.Write(body, RemotingJson.Bodies.ConsumerListBody));
        return default;
    }
}
