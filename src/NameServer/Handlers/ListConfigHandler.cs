using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>All values of a namespace (219).</summary>
internal sealed class ListConfigHandler(ConfigTable config) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = GetKvListByNamespaceRequestHeader.Read(request.Fields);
        if (config.List(header.Namespace) is { } values)
            request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(values, RemotingJson.Bodies.KvTable));
        else
            request.Reply(ResponseCode.QueryNotFound, $"No config item, Namespace: {header.Namespace}");
        return default;
    }
}
