using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Makes a popped message visible again later or sooner (code 200053).</summary>
public readonly record struct ChangeInvisibleTimeRequestHeader : IHeaderWriter, IHeaderReader<ChangeInvisibleTimeRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required HeaderText ConsumerGroup { get; init; }

    /// <summary>The topic that the message is in: of a retry, the retry topic.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The queue.</summary>
    public required int QueueId { get; init; }

    /// <summary>The receipt handle.</summary>
    public required HeaderText ExtraInfo { get; init; }

    /// <summary>The queue offset of the message.</summary>
    public required long Offset { get; init; }

    /// <summary>Milliseconds from now on.</summary>
    public required long InvisibleTime { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static ChangeInvisibleTimeRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetText("consumerGroup"u8),
        Topic = fields.GetText("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        ExtraInfo = fields.GetText("extraInfo"u8),
        Offset = fields.GetInt64("offset"u8),
        InvisibleTime = fields.GetInt64("invisibleTime"u8),
        BrokerName = fields.GetTextOrAbsent("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("extraInfo"u8, ExtraInfo);
        fields.Add("offset"u8, Offset);
        fields.Add("invisibleTime"u8, InvisibleTime);
        fields.Add("bname"u8, BrokerName);
    }
}
