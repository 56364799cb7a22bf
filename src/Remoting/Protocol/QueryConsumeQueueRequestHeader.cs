using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for entries of a queue (code 321).</summary>
public readonly record struct QueryConsumeQueueRequestHeader : IHeaderWriter, IHeaderReader<QueryConsumeQueueRequestHeader>
{
    /// <summary>The topic.</summary>
    public string? Topic { get; init; }

    /// <summary>The queue of the topic.</summary>
    public int QueueId { get; init; }

    /// <summary>Offset of the first entry.</summary>
    public long Index { get; init; }

    /// <summary>How many entries.</summary>
    public int Count { get; init; }

    /// <summary>A group whose filter is shown.</summary>
    public string? ConsumerGroup { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static QueryConsumeQueueRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetStringOrNull("topic"u8),
        QueueId = fields.GetInt32("queueId"u8, 0),
        Index = fields.GetInt64("index"u8, 0),
        Count = fields.GetInt32("count"u8, 0),
        ConsumerGroup = fields.GetStringOrNull("consumerGroup"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("index"u8, Index);
        fields.Add("count"u8, Count);
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("bname"u8, BrokerName);
    }
}
