using System.Text;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>Changes settings of the running name server (318).</summary>
internal sealed class UpdateSettingsHandler(LiveSettings settings, ILogger logger) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        settings.Update(Encoding.UTF8.GetString(request.Body));
        NameServerLog.SettingsChanged(logger, request.Connection.RemoteEndPoint);
        request.Reply(ResponseCode.Success);
        return default;
    }
}
