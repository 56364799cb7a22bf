using System.ComponentModel.DataAnnotations;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer;

/// <summary>Limits of a name server.</summary>
public sealed class NameServerOptions
{
    /// <summary>Limits of each connection.</summary>
    public RemotingOptions Connection { get; set; } = new();

    /// <summary>Connections at once; further ones are closed at once.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>After what silence a broker counts as gone, unless it names a time itself.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BrokerTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>The longest silence a broker may ask for.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxBrokerTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often silent brokers are looked for.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan EvictionInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Broker addresses at once.</summary>
    [Range(1, 100_000)]
    public int MaxBrokers { get; set; } = 1024;

    /// <summary>Topics at once.</summary>
    [Range(1, 10_000_000)]
    public int MaxTopics { get; set; } = 200_000;

    /// <summary>The largest registration, after unfolding a compressed one.</summary>
    [Range(1024, int.MaxValue)]
    public int MaxRegistrationBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Stored configuration values at once.</summary>
    [Range(0, 1_000_000)]
    public int MaxConfigEntries { get; set; } = 10_000;

    /// <summary>Characters of one configuration entry: namespace, key and value together.</summary>
    [Range(1, 16 * 1024 * 1024)]
    public int MaxConfigLength { get; set; } = 64 * 1024;
}
