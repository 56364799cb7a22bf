using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the addresses of a broker set (code 901).</summary>
public readonly record struct GetBrokerMemberGroupRequestHeader : IHeaderWriter, IHeaderReader<GetBrokerMemberGroupRequestHeader>
{
    /// <summary>Its cluster.</summary>
    public required string ClusterName { get; init; }

    /// <summary>The broker set's name.</summary>
    public required string BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetBrokerMemberGroupRequestHeader Read(HeaderFields fields) => new()
    {
        ClusterName = fields.GetString("clusterName"u8),
        BrokerName = fields.GetString("brokerName"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("clusterName"u8, ClusterName);
        fields.Add("brokerName"u8, BrokerName);
    }
}
