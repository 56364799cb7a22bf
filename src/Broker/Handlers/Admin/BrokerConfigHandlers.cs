using System.Text;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Settings;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_BROKER_CONFIG (26): the settings as properties, under RocketMQ's names.</summary>
internal sealed class BrokerConfigHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        DataVersion version = core.Settings.Version;
        request.Reply(
            ResponseCode.Success,
            new GetBrokerConfigResponseHeader { Version = $"{{\"counter\":{version.Counter},\"stateVersion\":{version.StateVersion},\"timestamp\":{version.Timestamp}}}" },
            Encoding.UTF8.GetBytes(core.Settings.Text()));
        return default;
    }
}

/// <summary>UPDATE_BROKER_CONFIG (25): changes settings while the broker runs, for after a restart too.</summary>
internal sealed class UpdateBrokerConfigHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        IReadOnlyDictionary<string, string> wanted = PropertiesText.Parse(Encoding.UTF8.GetString(request.Body));
        return core.Settings.Change(wanted) is { } remark
            ? Answer.With(request, ResponseCode.NoPermission, remark)
            : Answer.With(request);
    }
}
