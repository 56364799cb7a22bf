using System.Globalization;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster.Administration;

/// <summary>Administration of brokers of other processes: everything is asked of them anew.</summary>
internal sealed class ClusterAdministration : IAdministration
{
    private readonly AdminClient _admin;

    public ClusterAdministration(ClusterConnection connection, ClusterTopics topics)
    {
        _admin = new AdminClient(connection);
        Topics = new ClusterTopicAdministration(_admin, topics);
        var reader = new QueueReader(connection);
        Groups = new ClusterGroupAdministration(_admin, reader);
        Messages = new ClusterMessageAdministration(_admin, reader);
        NativeClients = new ClusterClients(_admin);
    }

    public ITopicAdministration Topics { get; }

    public IGroupAdministration Groups { get; }

    public IMessageAdministration Messages { get; }

    public IProtocolClients NativeClients { get; }

    public async ValueTask<IReadOnlyList<BrokerState>> GetBrokersAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<BrokerRoute> brokers = await ClusterErrors.TranslateAsync(_admin.ListBrokersAsync(cancellationToken)).ConfigureAwait(false);
        List<BrokerState> states = [];
        foreach (BrokerRoute broker in brokers)
        {
            states.Add(await StateOfAsync(broker, cancellationToken).ConfigureAwait(false));
        }

        return states;
    }

    private async ValueTask<BrokerState> StateOfAsync(BrokerRoute broker, CancellationToken cancellationToken)
    {
        string address = broker.Addresses.GetValueOrDefault(0) ?? broker.Addresses.Values.FirstOrDefault() ?? string.Empty;
        if (!broker.Addresses.ContainsKey(0))
        {
            return new BrokerState(broker.Name, broker.Cluster, address, string.Empty, CanWrite: false, CanRead: true, "it has no master");
        }

        try
        {
            IReadOnlyDictionary<string, string> info = await _admin.Brokers.GetRuntimeInfoAsync(broker.Name, cancellationToken).ConfigureAwait(false);
            return new BrokerState(
                broker.Name, broker.Cluster, address, info.GetValueOrDefault("brokerVersionDesc") ?? string.Empty, info.GetValueOrDefault("brokerActive") != "false", CanRead: true, Reason: null)
            {
                StartedAt = Number(info, "bootTimestamp") is > 0 and { } boot ? DateTimeOffset.FromUnixTimeMilliseconds(boot) : null,
                StoreBytes = Number(info, "commitLogMaxOffset") is { } end ? Math.Max(0, end - (Number(info, "commitLogMinOffset") ?? 0)) : null,
            };
        }
        catch (ProtoBridgeMqException failure)
        {
            return new BrokerState(broker.Name, broker.Cluster, address, string.Empty, CanWrite: false, CanRead: false, failure.Message);
        }
    }

    private static long? Number(IReadOnlyDictionary<string, string> info, string name)
        => long.TryParse(info.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
