using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks which topics a group has progress in (code 343).</summary>
public readonly record struct QueryTopicsByConsumerRequestHeader : IHeaderWriter, IHeaderReader<QueryTopicsByConsumerRequestHeader>
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static QueryTopicsByConsumerRequestHeader Read(HeaderFields fields) => new()
    {
        Group = fields.GetString("group"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("group"u8, Group);
        fields.Add("bname"u8, BrokerName);
    }
}
