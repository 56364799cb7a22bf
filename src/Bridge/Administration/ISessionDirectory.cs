namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>Sessions that outlive their connections, of the front that has such.</summary>
/// <remarks>Thread safe.</remarks>
public interface ISessionDirectory
{
    /// <summary>All sessions, in no order; what waits for them is not counted.</summary>
    IAsyncEnumerable<SessionState> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>The session of a client, or null.</summary>
    ValueTask<SessionState?> FindAsync(string clientId, CancellationToken cancellationToken = default);

    /// <summary>Ends a session: its client is disconnected, its subscriptions and what waits for it go. False when there is none.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.Busy"/>: another gateway has the connection.</exception>
    ValueTask<bool> EndAsync(string clientId, CancellationToken cancellationToken = default);
}

/// <summary>A session that outlives its connection.</summary>
/// <param name="ClientId">Client identifier.</param>
/// <param name="IsConnected">Whether its client is connected, as far as this gateway knows.</param>
/// <param name="ExpirySeconds">How long it outlives its connection.</param>
/// <param name="DisconnectedAt">When the connection ended; null while there is one.</param>
/// <param name="Subscriptions">Its subscriptions.</param>
public sealed record SessionState(
    string ClientId, bool IsConnected, long ExpirySeconds, DateTimeOffset? DisconnectedAt, IReadOnlyList<SessionFilter> Subscriptions)
{
    /// <summary>Messages that were left out of its backlog so far, because retention took them or there were more than a session may be behind.</summary>
    public long LeftOut { get; init; }

    /// <summary>When it ends unless its client comes; null while that is connected.</summary>
    public DateTimeOffset? ExpiresAt => DisconnectedAt?.AddSeconds(ExpirySeconds);
}

/// <summary>A subscription of a session.</summary>
/// <param name="Filter">MQTT topic filter.</param>
/// <param name="Qos">Granted QoS.</param>
/// <param name="Waiting">Messages that wait for the client, as far as its progress is saved; null where they are not counted.</param>
/// <param name="LeftOut">Messages that would be left out if the client came now; null where they are not counted.</param>
public sealed record SessionFilter(string Filter, int Qos, long? Waiting = null, long? LeftOut = null);
