using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the members of a group (code 203).</summary>
public readonly record struct GetConsumerConnectionListRequestHeader : IHeaderWriter, IHeaderReader<GetConsumerConnectionListRequestHeader>
{
    /// <summary>The group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetConsumerConnectionListRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetString("consumerGroup"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("bname"u8, BrokerName);
    }
}
