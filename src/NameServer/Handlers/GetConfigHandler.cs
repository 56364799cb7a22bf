using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Reads a configuration value (101).</summary>
internal sealed class GetConfigHandler(ConfigTable config) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = GetKvConfigRequestHeader.Read(request.Fields);
        var value = config.Get(header.Namespace, header.Key);
        request.Reply(
            value is null ? ResponseCode.QueryNotFound : ResponseCode.Success,
            new GetKvConfigResponseHeader { Value = value },
            value is null ? $"No config item, Namespace: {header.Namespace} Key: {header.Key}" : null);
        return default;
    }
}
