using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A broker announces itself and its topics (code 103).</summary>
public readonly record struct RegisterBrokerRequestHeader : IHeaderWriter, IHeaderReader<RegisterBrokerRequestHeader>
{
    /// <summary>The broker set's name.</summary>
    public required string BrokerName { get; init; }

    /// <summary>Where clients reach it.</summary>
    public required string BrokerAddress { get; init; }

    /// <summary>Its cluster.</summary>
    public required string ClusterName { get; init; }

    /// <summary>Where its replicas connect.</summary>
    public required string HaServerAddress { get; init; }

    /// <summary>0 is the master.</summary>
    public required long BrokerId { get; init; }

    /// <summary>After what silence it counts as gone.</summary>
    public long? HeartbeatTimeoutMillis { get; init; }

    /// <summary>Whether a replica may stand in for the master; absent from 4.x brokers.</summary>
    public bool? EnableActingMaster { get; init; }

    /// <summary>The zone it is in: clients of a zone may ask for its brokers alone.</summary>
    public string? ZoneName { get; init; }

    /// <summary>Whether the body is deflated.</summary>
    public bool Compressed { get; init; }

    /// <summary>CRC of the body, or 0.</summary>
    public int BodyCrc32 { get; init; }

    /// <inheritdoc/>
    public static RegisterBrokerRequestHeader Read(HeaderFields fields) => new()
    {
        BrokerName = fields.GetString("brokerName"u8),
        BrokerAddress = fields.GetString("brokerAddr"u8),
        ClusterName = fields.GetString("clusterName"u8),
        HaServerAddress = fields.GetString("haServerAddr"u8),
        BrokerId = fields.GetInt64("brokerId"u8),
        HeartbeatTimeoutMillis = fields.GetInt64OrNull("heartbeatTimeoutMillis"u8),
        EnableActingMaster = fields.GetBooleanOrNull("enableActingMaster"u8),
        ZoneName = fields.GetStringOrNull("__ZONE_NAME"u8),
        Compressed = fields.GetBoolean("compressed"u8, false),
        BodyCrc32 = fields.GetInt32("bodyCrc32"u8, 0),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("brokerName"u8, BrokerName);
        fields.Add("brokerAddr"u8, BrokerAddress);
        fields.Add("clusterName"u8, ClusterName);
        fields.Add("haServerAddr"u8, HaServerAddress);
        fields.Add("brokerId"u8, BrokerId);
        fields.Add("heartbeatTimeoutMillis"u8, HeartbeatTimeoutMillis);
        fields.Add("enableActingMaster"u8, EnableActingMaster);
        fields.Add("__ZONE_NAME"u8, ZoneName);
        fields.Add("compressed"u8, Compressed);
        fields.Add("bodyCrc32"u8, BodyCrc32);
    }
}
