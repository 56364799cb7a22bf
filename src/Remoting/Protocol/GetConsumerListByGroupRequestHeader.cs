using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks who consumes in a group (code 38).</summary>
public readonly record struct GetConsumerListByGroupRequestHeader : IHeaderWriter, IHeaderReader<GetConsumerListByGroupRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetConsumerListByGroupRequestHeader Read(HeaderFields fields) => new()
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
