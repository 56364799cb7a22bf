using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for messages of any queue, which stay invisible to others for a time (code 200050).</summary>
public readonly record struct PopMessageRequestHeader : IHeaderWriter, IHeaderReader<PopMessageRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required HeaderText ConsumerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The queue; below 0 for all.</summary>
    public required int QueueId { get; init; }

    /// <summary>At most so many messages.</summary>
    public required int MaxMessages { get; init; }

    /// <summary>Milliseconds that the messages stay invisible without an acknowledgement.</summary>
    public required long InvisibleTime { get; init; }

    /// <summary>Milliseconds to hold the request when nothing is there.</summary>
    public required long PollTime { get; init; }

    /// <summary>When the client made the request, Unix milliseconds; 0 when it was received.</summary>
    public required long BornTime { get; init; }

    /// <summary>Where a group without progress begins: 0 at the oldest message, 1 at the newest.</summary>
    public required int InitMode { get; init; }

    /// <summary>"TAG" or "SQL92".</summary>
    public HeaderText ExpressionType { get; init; }

    /// <summary>The filter; absent for all.</summary>
    public HeaderText Expression { get; init; }

    /// <summary>Whether a queue gives nothing more before what it gave is acknowledged or visible again.</summary>
    public bool? Order { get; init; }

    /// <summary>The same in a repeated request: it is not blocked by what the first one got.</summary>
    public string? AttemptId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static PopMessageRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetText("consumerGroup"u8),
        Topic = fields.GetText("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        MaxMessages = fields.GetInt32("maxMsgNums"u8),
        InvisibleTime = fields.GetInt64("invisibleTime"u8),
        PollTime = fields.GetInt64("pollTime"u8),
        BornTime = fields.GetInt64("bornTime"u8),
        InitMode = fields.GetInt32("initMode"u8),
        ExpressionType = fields.GetTextOrAbsent("expType"u8),
        Expression = fields.GetTextOrAbsent("exp"u8),
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
        fields.Add("maxMsgNums"u8, MaxMessages);
        fields.Add("pollTime"u8, PollTime);
        fields.Add("invisibleTime"u8, InvisibleTime);
        fields.Add("bornTime"u8, BornTime);
        fields.Add("initMode"u8, InitMode);
        fields.Add("expType"u8, ExpressionType);
        fields.Add("exp"u8, Expression);
        fields.Add("order"u8, Order);
        fields.Add("attemptId"u8, AttemptId);
        fields.Add("bname"u8, BrokerName);
    }
}
