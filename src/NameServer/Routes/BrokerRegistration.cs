using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>What a broker says of itself when it registers.</summary>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Name">The broker set's name.</param>
/// <param name="Id">0 is the master.</param>
/// <param name="Address">Where clients reach it.</param>
/// <param name="HaAddress">Where its replicas connect.</param>
/// <param name="Zone">The zone it is in, if any.</param>
/// <param name="Timeout">After what silence it counts as gone, if it says so.</param>
/// <param name="EnableActingMaster">Whether a replica may stand in for the master; null from 4.x brokers.</param>
/// <param name="Topics">All its topics, or those that changed.</param>
public sealed record BrokerRegistration(
    string Cluster,
    string Name,
    long Id,
    string Address,
    string HaAddress,
    string? Zone,
    TimeSpan? Timeout,
    bool? EnableActingMaster,
    TopicConfigTable Topics)
{
    /// <summary>Its filter servers; null to leave them as they are.</summary>
    public IReadOnlyList<string>? FilterServers { get; init; }
}

/// <summary>What a replica is told of its master; empty for a master.</summary>
/// <param name="MasterAddress">The master's address.</param>
/// <param name="HaAddress">Where its replicas connect.</param>
public readonly record struct RegistrationResult(string? MasterAddress, string? HaAddress);
