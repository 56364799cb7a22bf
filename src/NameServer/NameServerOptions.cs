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

    /// <summary>
    /// Where <c>kvConfig.json</c> and <c>namesrv.properties</c> are kept; empty: stored values and settings made by command
    /// live as long as the process.
    /// </summary>
    public string DataDirectory { get; set; } = "";

    /// <summary>Whether anybody may ask for the names of all topics.</summary>
    public bool EnableAllTopicList { get; set; } = true;

    /// <summary>Whether anybody may ask for the topics of a cluster or a unit.</summary>
    public bool EnableTopicList { get; set; } = true;

    /// <summary>Whether brokers are told the configuration of ordered topics when they register.</summary>
    public bool ReturnOrderTopicConfigToBroker { get; set; } = true;

    /// <summary>Whether routes carry the configuration of ordered topics.</summary>
    public bool OrderMessageEnable { get; set; }

    /// <summary>Whether the replica with the lowest id is told to clients as master while its set has none.</summary>
    public bool SupportActingMaster { get; set; }

    /// <summary>Whether the brokers of a set are told when another broker has the lowest id.</summary>
    public bool NotifyMinBrokerIdChanged { get; set; }

    /// <summary>Whether topics that a registration does not name are taken from its broker. Not for brokers that register in parts.</summary>
    public bool DeleteTopicWithBrokerRegistration { get; set; }

    /// <summary>Whether routes are refused for <see cref="WaitSecondsForService"/> after the start, until brokers have registered.</summary>
    public bool NeedWaitForService { get; set; }

    /// <summary>How long routes are refused after the start, in seconds.</summary>
    [Range(0, 3600)]
    public int WaitSecondsForService { get; set; } = 45;

    /// <summary>Settings that may not be changed by command, separated by semicolons, besides those that never may.</summary>
    public string ConfigBlackList { get; set; } = "configBlackList;configStorePath;kvConfigPath";
}
