using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the offset at a store time (code 29).</summary>
public readonly record struct SearchOffsetRequestHeader : IHeaderWriter, IHeaderReader<SearchOffsetRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The queue of the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public required long Timestamp { get; init; }

    /// <summary>"lower" or "upper": which one of equals.</summary>
    public string? BoundaryType { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static SearchOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        Timestamp = fields.GetInt64("timestamp"u8),
        BoundaryType = fields.GetStringOrNull("boundaryType"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("timestamp"u8, Timestamp);
        fields.Add("boundaryType"u8, BoundaryType);
        fields.Add("bname"u8, BrokerName);
    }
}
