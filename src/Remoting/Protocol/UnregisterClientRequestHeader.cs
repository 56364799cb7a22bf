using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A client leaves its groups (code 35).</summary>
public readonly record struct UnregisterClientRequestHeader : IHeaderWriter, IHeaderReader<UnregisterClientRequestHeader>
{
    /// <summary>The client.</summary>
    public required string ClientId { get; init; }

    /// <summary>The producer group it leaves.</summary>
    public string? ProducerGroup { get; init; }

    /// <summary>The consumer group it leaves.</summary>
    public string? ConsumerGroup { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static UnregisterClientRequestHeader Read(HeaderFields fields) => new()
    {
        ClientId = fields.GetString("clientID"u8),
        ProducerGroup = fields.GetStringOrNull("producerGroup"u8),
        ConsumerGroup = fields.GetStringOrNull("consumerGroup"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("clientID"u8, ClientId);
        fields.Add("producerGroup"u8, ProducerGroup);
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("bname"u8, BrokerName);
    }
}
