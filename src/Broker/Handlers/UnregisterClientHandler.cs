using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>UNREGISTER_CLIENT (35): a client leaves a group it produced or consumed in.</summary>
internal sealed class UnregisterClientHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        UnregisterClientRequestHeader header = UnregisterClientRequestHeader.Read(request.Fields);
        if (header.ProducerGroup is { } producerGroup)
        {
            core.Tables.Producers.Remove(producerGroup, header.ClientId);
        }

        if (header.ConsumerGroup is { } consumerGroup)
        {
            core.Tables.Consumers.Leave(consumerGroup, header.ClientId);
        }

        request.Reply(ResponseCode.Success);
        return default;
    }
}
