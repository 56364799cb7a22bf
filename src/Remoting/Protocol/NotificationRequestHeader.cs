using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks whether there are messages to pop, and waits for some (code 200054).</summary>
public readonly record struct NotificationRequestHeader : IHeaderWriter, IHeaderReader<NotificationRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required HeaderText ConsumerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The queue; below 0 for all.</summary>
    public required int QueueId { get; init; }

    /// <summary>Milliseconds to hold the request when nothing is there.</summary>
    public required long PollTime { get; init; }

    /// <summary>When the client made the request, Unix milliseconds; 0 when it was received.</summary>
    public required long BornTime { get; init; }

    /// <summary>Whether they are for an ordered pop.</summary>
    public bool? Order { get; init; }

    /// <summary>The attempt of the pop that is meant.</summary>
    public string? AttemptId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static NotificationRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetText("consumerGroup"u8),
        Topic = fields.GetText("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        PollTime = fields.GetInt64("pollTime"u8),
        BornTime = fields.GetInt64("bornTime"u8),
        Order = fields.GetBooleanOrNull("order"u8),
        AttemptId = fields.GetStringOrNull("attemptId"u8),
        BrokerName = fields.GetTextOrAbsent("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("pollTime"u8, PollTime);
        fields.Add("bornTime"u8, BornTime);
        fields.Add("order"u8, Order);
        fields.Add("attemptId"u8, AttemptId);
        fields.Add("bname"u8, BrokerName);
    }
}
