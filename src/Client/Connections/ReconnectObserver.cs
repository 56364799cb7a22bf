using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>A new connection means that the broker may have forgotten us: it hears of us at once, not at the next heartbeat.</summary>
internal sealed class ReconnectObserver : IConnectionObserver
{
    public Action? Opened { get; set; }

    public void OnOpened(RemotingConnection connection) => Opened?.Invoke();

    public void OnClosed(RemotingConnection connection)
    {
    }
}
