using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Stores the progress of a group in a queue (code 15).</summary>
public readonly record struct UpdateConsumerOffsetRequestHeader : IHeaderWriter, IHeaderReader<UpdateConsumerOffsetRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The queue of the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <summary>The next offset the group wants.</summary>
    public required long CommitOffset { get; init; }

    /// <inheritdoc/>
    public static UpdateConsumerOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetString("consumerGroup"u8),
        Topic = fields.GetString("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
        CommitOffset = fields.GetInt64("commitOffset"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("bname"u8, BrokerName);
        fields.Add("commitOffset"u8, CommitOffset);
    }
}
