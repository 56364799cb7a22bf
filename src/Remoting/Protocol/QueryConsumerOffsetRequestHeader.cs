using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the progress of a group in a queue (code 14).</summary>
public readonly record struct QueryConsumerOffsetRequestHeader : IHeaderWriter, IHeaderReader<QueryConsumerOffsetRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The queue of the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>Whether a group without progress is told 0 where the queue allows; absent means yes.</summary>
    public bool? SetZeroIfNotFound { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static QueryConsumerOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetString("consumerGroup"u8),
        Topic = fields.GetString("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        SetZeroIfNotFound = fields.GetBooleanOrNull("setZeroIfNotFound"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("setZeroIfNotFound"u8, SetZeroIfNotFound);
        fields.Add("bname"u8, BrokerName);
    }
}
