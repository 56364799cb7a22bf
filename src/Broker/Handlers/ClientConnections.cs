using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Follows connections: what a connection's heartbeats named leaves the groups when it closes.</summary>
internal sealed class ClientConnections(BrokerCore core) : IConnectionObserver
{
    /// <summary>What a connection's heartbeats named so far.</summary>
    public static ClientNames NamesOf(RemotingConnection connection)
    {
        if (connection.State is not ClientNames names)
        {
            connection.State = names = new ClientNames();
        }

        return names;
    }

    public void OnOpened(RemotingConnection connection)
    {
        core.Metrics.ConnectionOpened();
        core.Desk.Traffic.Opened();
    }

    public void OnClosed(RemotingConnection connection)
    {
        core.Metrics.ConnectionClosed();
        core.Desk.Traffic.Closed();
        if (connection.State is ClientNames names)
        {
            lock (names)
            {
                core.Tables.Consumers.LeaveConnection(connection, names.ConsumerGroups);
                core.Tables.Producers.RemoveConnection(connection, names.Producers);
            }
        }
    }
}

/// <summary>The groups of a connection.</summary>
internal sealed class ClientNames
{
    public HashSet<string> ConsumerGroups { get; } = new(StringComparer.Ordinal);

    public HashSet<(string Group, string ClientId)> Producers { get; } = [];
}
