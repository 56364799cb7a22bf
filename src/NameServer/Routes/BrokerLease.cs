using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>A registered broker address, and until when it counts as alive.</summary>
internal sealed class BrokerLease(BrokerRegistration registration, TimeSpan timeout, object? connection)
{
    public string Cluster => registration.Cluster;

    public string Name => registration.Name;

    public string Address => registration.Address;

    public string HaAddress => registration.HaAddress;

    public DataVersion Version => registration.Topics.Version;

    public TimeSpan Timeout => timeout;

    /// <summary>The connection it registered on: when that closes, it is gone.</summary>
    public object? Connection => connection;

    public long LastSeen { get; set; }
}
