using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks a running consumer about itself (code 307).</summary>
public readonly record struct GetConsumerRunningInfoRequestHeader : IHeaderWriter, IHeaderReader<GetConsumerRunningInfoRequestHeader>
{
    /// <summary>The group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>The client.</summary>
    public required string ClientId { get; init; }

    /// <summary>Whether with its threads' stacks.</summary>
    public bool JstackEnable { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetConsumerRunningInfoRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetString("consumerGroup"u8),
        ClientId = fields.GetString("clientId"u8),
        JstackEnable = fields.GetBoolean("jstackEnable"u8, false),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("clientId"u8, ClientId);
        fields.Add("jstackEnable"u8, JstackEnable);
        fields.Add("bname"u8, BrokerName);
    }
}
