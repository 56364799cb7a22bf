using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks what a group reads of a topic (code 345).</summary>
public readonly record struct QuerySubscriptionByConsumerRequestHeader : IHeaderWriter, IHeaderReader<QuerySubscriptionByConsumerRequestHeader>
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The topic.</summary>
    public string? Topic { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static QuerySubscriptionByConsumerRequestHeader Read(HeaderFields fields) => new()
    {
        Group = fields.GetString("group"u8),
        Topic = fields.GetStringOrNull("topic"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("group"u8, Group);
        fields.Add("topic"u8, Topic);
        fields.Add("bname"u8, BrokerName);
    }
}
