using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Has a running consumer consume one message now (code 309).</summary>
public readonly record struct ConsumeMessageDirectlyRequestHeader : IHeaderWriter, IHeaderReader<ConsumeMessageDirectlyRequestHeader>
{
    /// <summary>The group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>The client.</summary>
    public string? ClientId { get; init; }

    /// <summary>Host and offset of the message.</summary>
    public string? MessageId { get; init; }

    /// <summary>Where the message is; the broker fills it in.</summary>
    public string? BrokerName { get; init; }

    /// <summary>The topic.</summary>
    public string? Topic { get; init; }

    /// <summary>Unit flags of the topic.</summary>
    public int? TopicSystemFlag { get; init; }

    /// <summary>Unit flags of the group.</summary>
    public int? GroupSystemFlag { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? TargetBrokerName { get; init; }

    /// <inheritdoc/>
    public static ConsumeMessageDirectlyRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetString("consumerGroup"u8),
        ClientId = fields.GetStringOrNull("clientId"u8),
        MessageId = fields.GetStringOrNull("msgId"u8),
        BrokerName = fields.GetStringOrNull("brokerName"u8),
        Topic = fields.GetStringOrNull("topic"u8),
        TopicSystemFlag = fields.GetInt32OrNull("topicSysFlag"u8),
        GroupSystemFlag = fields.GetInt32OrNull("groupSysFlag"u8),
        TargetBrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("clientId"u8, ClientId);
        fields.Add("msgId"u8, MessageId);
        fields.Add("brokerName"u8, BrokerName);
        fields.Add("topic"u8, Topic);
        fields.Add("topicSysFlag"u8, TopicSystemFlag);
        fields.Add("groupSysFlag"u8, GroupSystemFlag);
        fields.Add("bname"u8, TargetBrokerName);
    }
}
