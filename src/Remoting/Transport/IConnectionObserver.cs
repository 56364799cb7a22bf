namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Told when connections come and go.</summary>
public interface IConnectionObserver
{
    /// <summary>A connection starts to read.</summary>
    void OnOpened(RemotingConnection connection);

    /// <summary>A connection has ended; nothing can be sent on it any more. Called once per opened connection.</summary>
    void OnClosed(RemotingConnection connection);
}
