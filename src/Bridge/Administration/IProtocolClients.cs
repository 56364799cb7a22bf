namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>
/// The clients of one protocol. Every front registers one, so that whoever lists or disconnects clients needs to know no
/// front; it is a view of the front's own table, which has its limit.
/// </summary>
/// <remarks>Thread safe.</remarks>
public interface IProtocolClients
{
    /// <summary>Its name: <c>mqtt</c>, <c>http</c>, <c>remoting</c>.</summary>
    string Protocol { get; }

    /// <summary>Messages published by the protocol and acknowledged, since the start.</summary>
    long MessagesIn { get; }

    /// <summary>Messages handed to clients, since the start.</summary>
    long MessagesOut { get; }

    /// <summary>How long publishes took; null where it is not counted.</summary>
    LatencyCounts? PublishLatency => null;

    /// <summary>Connections now; cheap.</summary>
    int Connections { get; }

    /// <summary>The clients that are connected, by id.</summary>
    ValueTask<IReadOnlyList<ClientState>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Closes the connection of a client; false when there is none.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.Unsupported"/>.</exception>
    ValueTask<bool> DisconnectAsync(string id, CancellationToken cancellationToken = default);
}

/// <summary>A client that is connected.</summary>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Id">Unique in the protocol.</param>
/// <param name="Address">Where it is; null where it is not known.</param>
/// <param name="User">Who it is, where access control knows.</param>
/// <param name="Since">When it connected; null where it is not known.</param>
/// <param name="Details">What else its protocol knows of it: names and values for people.</param>
/// <param name="Subscriptions">What it subscribed to: MQTT filters, or <c>group: topic</c>.</param>
public sealed record ClientState(
    string Protocol,
    string Id,
    string? Address,
    string? User,
    DateTimeOffset? Since,
    IReadOnlyDictionary<string, string> Details,
    IReadOnlyList<string> Subscriptions);
