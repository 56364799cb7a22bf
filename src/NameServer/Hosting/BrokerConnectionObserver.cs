using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>Removes a broker at once when the connection it registered on closes, rather than after its silence.</summary>
public sealed class BrokerConnectionObserver(RouteTable routes) : IConnectionObserver
{
    /// <inheritdoc/>
    public void OnOpened(RemotingConnection connection)
    {
    }

    /// <inheritdoc/>
    public void OnClosed(RemotingConnection connection) => routes.RemoveByConnection(connection);
}
