using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A broker leaves (code 104).</summary>
public readonly record struct UnregisterBrokerRequestHeader : IHeaderWriter, IHeaderReader<UnregisterBrokerRequestHeader>
{
    /// <summary>The broker set's name.</summary>
    public required string BrokerName { get; init; }

    /// <summary>Its address.</summary>
    public required string BrokerAddress { get; init; }

    /// <summary>Its cluster.</summary>
    public required string ClusterName { get; init; }

    /// <summary>0 is the master.</summary>
    public required long BrokerId { get; init; }

    /// <inheritdoc/>
    public static UnregisterBrokerRequestHeader Read(HeaderFields fields) => new()
    {
        BrokerName = fields.GetString("brokerName"u8),
        BrokerAddress = fields.GetString("brokerAddr"u8),
        ClusterName = fields.GetString("clusterName"u8),
        BrokerId = fields.GetInt64("brokerId"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("brokerName"u8, BrokerName);
        fields.Add("brokerAddr"u8, BrokerAddress);
        fields.Add("clusterName"u8, ClusterName);
        fields.Add("brokerId"u8, BrokerId);
    }
}
