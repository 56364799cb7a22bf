namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>
/// What an operator does with the brokers behind a bridge. Narrow as the bridge itself: a front that manages knows this
/// and plain records, never a broker.
/// </summary>
/// <remarks>
/// Thread safe. Every failure that a caller can act on is a <see cref="BridgeException"/>;
/// <see cref="BridgeError.Unsupported"/> where these brokers cannot do it.
/// </remarks>
public interface IAdministration
{
    /// <summary>Topics with their settings and queues.</summary>
    ITopicAdministration Topics { get; }

    /// <summary>Consumer groups.</summary>
    IGroupAdministration Groups { get; }

    /// <summary>Messages in the log.</summary>
    IMessageAdministration Messages { get; }

    /// <summary>The clients that are connected to the brokers themselves.</summary>
    IProtocolClients NativeClients { get; }

    /// <summary>The brokers, as they are now.</summary>
    ValueTask<IReadOnlyList<BrokerState>> GetBrokersAsync(CancellationToken cancellationToken = default);
}

/// <summary>A broker as it is now.</summary>
/// <param name="Name">Name of the broker set.</param>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Address">Where clients reach it.</param>
/// <param name="Version">What it calls itself.</param>
/// <param name="CanWrite">Whether a send would be tried.</param>
/// <param name="CanRead">Whether a read would be tried.</param>
/// <param name="Reason">Why not, or what needs to be looked after; null: nothing.</param>
public sealed record BrokerState(string Name, string Cluster, string Address, string Version, bool CanWrite, bool CanRead, string? Reason)
{
    /// <summary>When it started; null where it does not say.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The disk of its store; null where it does not say.</summary>
    public DiskState? Disk { get; init; }

    /// <summary>Bytes of its commit log; null where it does not say.</summary>
    public long? StoreBytes { get; init; }

    /// <summary>Name servers that it registers at.</summary>
    public int NameServers { get; init; }

    /// <summary>How many of them know it now.</summary>
    public int NameServersReached { get; init; }
}

/// <summary>A disk.</summary>
/// <param name="Path">The store's directory.</param>
/// <param name="TotalBytes">Its size, as far as messages may use it.</param>
/// <param name="FreeBytes">What is free.</param>
/// <param name="CleanWatermark">Share in use from which old messages are deleted, 0 to 1.</param>
/// <param name="RefuseWatermark">Share in use from which messages are refused, 0 to 1.</param>
public sealed record DiskState(string Path, long TotalBytes, long FreeBytes, double CleanWatermark, double RefuseWatermark)
{
    /// <summary>Share in use, 0 to 1.</summary>
    public double UsedShare => TotalBytes <= 0 ? 0 : 1 - ((double)FreeBytes / TotalBytes);
}
