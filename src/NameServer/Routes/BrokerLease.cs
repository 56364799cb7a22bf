using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>A registered broker address, and until when it counts as alive.</summary>
internal sealed class BrokerLease(BrokerRegistration registration, TimeSpan timeout, object? connection, IReadOnlyList<string> filterServers)
{
    public string Cluster { get; } = registration.Cluster;

    public string Name { get; } = registration.Name;

    public string Address { get; } = registration.Address;

    public string HaAddress { get; } = registration.HaAddress;

    public DataVersion Version { get; } = registration.Topics.Version;

    public TimeSpan Timeout => timeout;

    /// <summary>The connection it registered on: when that closes, it is gone.</summary>
    public object? Connection => connection;

    /// <summary>Its filter servers; none since 4.3.</summary>
    public IReadOnlyList<string> FilterServers => filterServers;

    public long LastSeen { get; set; }
}
