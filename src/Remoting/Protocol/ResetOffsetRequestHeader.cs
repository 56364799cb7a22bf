using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Sets a group's progress in a topic by a time (codes 220 and 222).</summary>
public readonly record struct ResetOffsetRequestHeader : IHeaderWriter, IHeaderReader<ResetOffsetRequestHeader>
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>One queue; absent or negative: all.</summary>
    public int? QueueId { get; init; }

    /// <summary>The offset for that queue; absent or -1: by the time.</summary>
    public long? Offset { get; init; }

    /// <summary>Milliseconds since 1970; -1: the end.</summary>
    public required long Timestamp { get; init; }

    /// <summary>Whether progress may go ahead too.</summary>
    public required bool IsForce { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static ResetOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        Group = fields.GetString("group"u8),
        Topic = fields.GetString("topic"u8),
        QueueId = fields.GetInt32OrNull("queueId"u8),
        Offset = fields.GetInt64OrNull("offset"u8),
        Timestamp = fields.GetInt64("timestamp"u8),
        IsForce = fields.GetBoolean("isForce"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("group"u8, Group);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("offset"u8, Offset);
        fields.Add("timestamp"u8, Timestamp);
        fields.Add("isForce"u8, IsForce);
        fields.Add("bname"u8, BrokerName);
    }
}
