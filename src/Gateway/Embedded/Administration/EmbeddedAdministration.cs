using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded.Administration;

/// <summary>Administration of the broker in this process.</summary>
internal sealed class EmbeddedAdministration : IAdministration
{
    private readonly IBrokerCore _core;

    public EmbeddedAdministration(IBrokerCore core, EmbeddedOptions options, Func<string, CancellationToken, ValueTask> followResets)
    {
        _core = core;
        Topics = new EmbeddedTopicAdministration(core);
        Groups = new EmbeddedGroupAdministration(core, followResets);
        Messages = new EmbeddedMessageAdministration(core, options);
        NativeClients = new RemotingClients(core);
    }

    public ITopicAdministration Topics { get; }

    public IGroupAdministration Groups { get; }

    public IMessageAdministration Messages { get; }

    public IProtocolClients NativeClients { get; }

    private static string Version { get; } = "ProtoBridgeMQ " + typeof(IBrokerCore).Assembly.GetName().Version?.ToString(3);

    public ValueTask<IReadOnlyList<BrokerState>> GetBrokersAsync(CancellationToken cancellationToken = default)
    {
        IBrokerAdministration desk = _core.Administration;
        var state = new BrokerState(
            _core.Options.Name, _core.Options.Cluster, _core.StoreHost.ToString(), Version, _core.Status.Writable, _core.Status.Readable, desk.Store.Reason)
        {
            StartedAt = desk.StartedAt,
            Disk = desk.Disk is { } room
                ? new DiskState(Path.GetFullPath(_core.Options.DataDirectory), room.Used + room.Available, room.Available, _core.Options.CleanWatermark, _core.Options.RefuseWatermark)
                : null,
            StoreBytes = desk.LogBytes,
            NameServers = desk.NameServers,
            NameServersReached = desk.NameServersReached,
        };
        return ValueTask.FromResult<IReadOnlyList<BrokerState>>([state]);
    }
}
