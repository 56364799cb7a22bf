using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Stores a configuration value (100).</summary>
internal sealed class PutConfigHandler(ConfigTable config) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = PutKvConfigRequestHeader.Read(request.Fields);
        config.Put(header.Namespace, header.Key, header.Value);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
