using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the offset one behind the last message of a queue (code 30).</summary>
public readonly record struct GetMaxOffsetRequestHeader : IHeaderWriter, IHeaderReader<GetMaxOffsetRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The queue of the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>Whether only what consumers may see counts; absent means yes.</summary>
    public bool? Committed { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetMaxOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        Committed = fields.GetBooleanOrNull("committed"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("committed"u8, Committed);
        fields.Add("bname"u8, BrokerName);
    }
}
