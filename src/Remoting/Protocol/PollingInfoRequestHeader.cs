using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks how many pops are held (code 200055).</summary>
public readonly record struct PollingInfoRequestHeader : IHeaderWriter, IHeaderReader<PollingInfoRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required HeaderText ConsumerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The queue; below 0 for those of all queues.</summary>
    public required int QueueId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static PollingInfoRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetText("consumerGroup"u8),
        Topic = fields.GetText("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        BrokerName = fields.GetTextOrAbsent("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("bname"u8, BrokerName);
    }
}
