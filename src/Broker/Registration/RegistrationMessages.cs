using System.Net;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using DataVersion = ProtoBridgeMQ.Remoting.Bodies.DataVersion;

namespace ProtoBridgeMQ.Broker.Registration;

/// <summary>What a broker says to name servers: headers and bodies, without any sending.</summary>
internal sealed class RegistrationMessages(BrokerOptions options, IPEndPoint host)
{
    private const int BothPermissions = BrokerTopic.Read | BrokerTopic.Write;

    public string Name => options.Name;

    private string Address => host.ToString();

    // Where replicas connect, by convention.
    private string HaAddress => new IPEndPoint(host.Address, host.Port + 1).ToString();

    public BrokerHeartbeatRequestHeader Heartbeat => new()
    {
        ClusterName = options.Cluster,
        BrokerAddress = Address,
        BrokerName = options.Name,
        BrokerId = options.BrokerId,
    };

    public QueryDataVersionRequestHeader VersionQuestion => new()
    {
        ClusterName = options.Cluster,
        BrokerAddress = Address,
        BrokerName = options.Name,
        BrokerId = options.BrokerId,
    };

    public UnregisterBrokerRequestHeader Leave => new()
    {
        ClusterName = options.Cluster,
        BrokerAddress = Address,
        BrokerName = options.Name,
        BrokerId = options.BrokerId,
    };

    public RegisterBrokerRequestHeader Header(byte[] body) => new()
    {
        BrokerName = options.Name,
        BrokerAddress = Address,
        ClusterName = options.Cluster,
        HaServerAddress = HaAddress,
        BrokerId = options.BrokerId,
        HeartbeatTimeoutMillis = options.HeartbeatTimeout > TimeSpan.Zero ? (long)options.HeartbeatTimeout.TotalMilliseconds : null,
        EnableActingMaster = options.ActingMaster,
        ZoneName = options.Zone.Length > 0 ? options.Zone : null,
        Compressed = options.CompressedRegister,
        BodyCrc32 = BodyCrc32.Compute(body),
    };

    public static byte[] Version(Config.DataVersion version) => LenientJson.Write(Data(version), RemotingJson.Bodies.DataVersion);

    /// <summary>
    /// The bodies of a registration, one a frame. A name server passes over topics that it has when the version is the one
    /// it knows: so each part but the last has a version of its own, and the last the true one.
    /// </summary>
    public IEnumerable<byte[]> Bodies(TopicChanges changes)
    {
        int parts = Math.Max(1, (changes.Topics.Count + options.SplitRegistrationSize - 1) / options.SplitRegistrationSize);
        for (int part = 0; part < parts; part++)
        {
            DataVersion version = Data(changes.Version);
            IEnumerable<BrokerTopic> topics = changes.Topics.Skip(part * options.SplitRegistrationSize).Take(options.SplitRegistrationSize);
            yield return Body(part == parts - 1 ? version : version with { Counter = -1 - part }, topics);
        }
    }

    /// <summary>The body that registers one topic alone.</summary>
    public byte[] Route(BrokerTopic topic)
    {
        var queue = new QueueData
        {
            BrokerName = options.Name,
            Permission = Allowed(topic),
            ReadQueues = topic.ReadQueues,
            WriteQueues = topic.WriteQueues,
            TopicSystemFlag = topic.SystemFlag,
        };
        return LenientJson.Write(new TopicRouteData { Queues = [queue] }, RemotingJson.Bodies.TopicRouteData);
    }

    private byte[] Body(DataVersion version, IEnumerable<BrokerTopic> topics)
    {
        var body = new RegisterBrokerBody
        {
            TopicConfig = new TopicConfigTable
            {
                Version = version,
                Topics = topics.ToDictionary(static topic => topic.Name, Data, StringComparer.Ordinal),
            },
        };
        return options.CompressedRegister
            ? CompressedRegistration.Write(body)
            : LenientJson.Write(body, RemotingJson.Bodies.RegisterBrokerBody);
    }

    // The broker's own permission narrows that of its topics.
    private int Allowed(BrokerTopic topic) => options.Permission == BothPermissions ? topic.Permissions : topic.Permissions & options.Permission;

    private static DataVersion Data(Config.DataVersion version) =>
        new() { Counter = version.Counter, StateVersion = version.StateVersion, Timestamp = version.Timestamp };

    private TopicConfigData Data(BrokerTopic topic) => new()
    {
        TopicName = topic.Name,
        ReadQueues = topic.ReadQueues,
        WriteQueues = topic.WriteQueues,
        Permission = Allowed(topic),
        FilterType = topic.FilterType,
        SystemFlag = topic.SystemFlag,
        Order = topic.Ordered,
        Attributes = new Dictionary<string, string>(topic.Attributes.Pairs),
    };
}
