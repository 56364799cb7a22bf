using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A broker says it lives (code 904).</summary>
public readonly record struct BrokerHeartbeatRequestHeader : IHeaderWriter, IHeaderReader<BrokerHeartbeatRequestHeader>
{
    /// <summary>Its cluster.</summary>
    public required string ClusterName { get; init; }

    /// <summary>Its address.</summary>
    public required string BrokerAddress { get; init; }

    /// <summary>The broker set's name.</summary>
    public required string BrokerName { get; init; }

    /// <summary>0 is the master.</summary>
    public long? BrokerId { get; init; }

    /// <summary>Master epoch.</summary>
    public int? Epoch { get; init; }

    /// <summary>How far its log goes.</summary>
    public long? MaxOffset { get; init; }

    /// <summary>How far its replicas confirmed.</summary>
    public long? ConfirmOffset { get; init; }

    /// <summary>After what silence it counts as gone (so spelt on the wire).</summary>
    public long? HeartbeatTimeoutMillis { get; init; }

    /// <summary>Its priority to become master.</summary>
    public int? ElectionPriority { get; init; }

    /// <inheritdoc/>
    public static BrokerHeartbeatRequestHeader Read(HeaderFields fields) => new()
    {
        ClusterName = fields.GetString("clusterName"u8),
        BrokerAddress = fields.GetString("brokerAddr"u8),
        BrokerName = fields.GetString("brokerName"u8),
        BrokerId = fields.GetInt64OrNull("brokerId"u8),
        Epoch = fields.GetInt32OrNull("epoch"u8),
        MaxOffset = fields.GetInt64OrNull("maxOffset"u8),
        ConfirmOffset = fields.GetInt64OrNull("confirmOffset"u8),
        HeartbeatTimeoutMillis = fields.GetInt64OrNull("heartbeatTimeoutMills"u8),
        ElectionPriority = fields.GetInt32OrNull("electionPriority"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("clusterName"u8, ClusterName);
        fields.Add("brokerAddr"u8, BrokerAddress);
        fields.Add("brokerName"u8, BrokerName);
        fields.Add("brokerId"u8, BrokerId);
        fields.Add("epoch"u8, Epoch);
        fields.Add("maxOffset"u8, MaxOffset);
        fields.Add("confirmOffset"u8, ConfirmOffset);
        fields.Add("heartbeatTimeoutMills"u8, HeartbeatTimeoutMillis);
        fields.Add("electionPriority"u8, ElectionPriority);
    }
}
