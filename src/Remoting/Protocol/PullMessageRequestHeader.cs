using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for messages of one queue (code 11).</summary>
public readonly record struct PullMessageRequestHeader : IHeaderWriter, IHeaderReader<PullMessageRequestHeader>
{
    /// <summary>The consumer group.</summary>
    public required HeaderText ConsumerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The queue.</summary>
    public required int QueueId { get; init; }

    /// <summary>The first wanted offset.</summary>
    public required long QueueOffset { get; init; }

    /// <summary>At most so many messages.</summary>
    public required int MaxMessages { get; init; }

    /// <summary>Bits: 1 commit the offset, 2 hold the request, 4 subscription given, 8 class filter, 16 lite pull.</summary>
    public required int SystemFlag { get; init; }

    /// <summary>The consumer's progress, when bit 1 is set.</summary>
    public required long CommitOffset { get; init; }

    /// <summary>How long to hold the request when nothing is there.</summary>
    public required long SuspendTimeoutMillis { get; init; }

    /// <summary>The filter, when bit 4 is set.</summary>
    public HeaderText Subscription { get; init; }

    /// <summary>The version of the consumer's subscription.</summary>
    public required long SubscriptionVersion { get; init; }

    /// <summary>"TAG" or "SQL92".</summary>
    public HeaderText ExpressionType { get; init; }

    /// <summary>At most so many bytes.</summary>
    public int? MaxBytes { get; init; }

    /// <summary>Who asks on whose behalf.</summary>
    public int? RequestSource { get; init; }

    /// <summary>The client a proxy asks for (so spelt on the wire).</summary>
    public HeaderText ProxyForwardClientId { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static PullMessageRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetText("consumerGroup"u8),
        Topic = fields.GetText("topic"u8),
        QueueId = fields.GetInt32("queueId"u8),
        QueueOffset = fields.GetInt64("queueOffset"u8),
        MaxMessages = fields.GetInt32("maxMsgNums"u8),
        SystemFlag = fields.GetInt32("sysFlag"u8),
        CommitOffset = fields.GetInt64("commitOffset"u8),
        SuspendTimeoutMillis = fields.GetInt64("suspendTimeoutMillis"u8),
        Subscription = fields.GetTextOrAbsent("subscription"u8),
        SubscriptionVersion = fields.GetInt64("subVersion"u8),
        ExpressionType = fields.GetTextOrAbsent("expressionType"u8),
        MaxBytes = fields.GetInt32OrNull("maxMsgBytes"u8),
        RequestSource = fields.GetInt32OrNull("requestSource"u8),
        ProxyForwardClientId = fields.GetTextOrAbsent("proxyFrowardClientId"u8),
        BrokerName = fields.GetTextOrAbsent("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.BeginFastPart();
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("queueId"u8, QueueId);
        fields.Add("queueOffset"u8, QueueOffset);
        fields.Add("maxMsgNums"u8, MaxMessages);
        fields.Add("sysFlag"u8, SystemFlag);
        fields.Add("commitOffset"u8, CommitOffset);
        fields.Add("suspendTimeoutMillis"u8, SuspendTimeoutMillis);
        fields.Add("subscription"u8, Subscription);
        fields.Add("subVersion"u8, SubscriptionVersion);
        fields.Add("expressionType"u8, ExpressionType);
        fields.Add("maxMsgBytes"u8, MaxBytes);
        fields.Add("requestSource"u8, RequestSource);
        fields.Add("proxyFrowardClientId"u8, ProxyForwardClientId);
        fields.Add("bname"u8, BrokerName);
        fields.EndFastPart();
    }
}
