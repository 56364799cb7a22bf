using System.Text;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>The settings in force (319).</summary>
internal sealed class GetSettingsHandler(LiveSettings settings) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        request.Reply(ResponseCode.Success, default(NoFields), Encoding.UTF8.GetBytes(settings.Text()));
        return default;
    }
}
