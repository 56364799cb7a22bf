using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Forgets a configuration value (102).</summary>
internal sealed class DeleteConfigHandler(ConfigTable config) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = DeleteKvConfigRequestHeader.Read(request.Fields);
        config.Delete(header.Namespace, header.Key);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
