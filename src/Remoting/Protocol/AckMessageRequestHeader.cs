using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Acknowledges a popped message (code 200051).</summary>
public readonly record struct AckMessageRequestHeader : IHeaderWriter, IHeaderReader<AckMessageRequestHeader>
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

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static AckMessageRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetText("consumerGroup"u8),
        Topic = fields.GetText("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        ExtraInfo = fields.GetText("extraInfo"u8),
        Offset = fields.GetInt64("offset"u8),
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
        fields.Add("bname"u8, BrokerName);
    }
}
