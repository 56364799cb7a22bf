using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A consumer gives a message back for redelivery (code 36).</summary>
public readonly record struct ConsumerSendMsgBackRequestHeader : IHeaderWriter, IHeaderReader<ConsumerSendMsgBackRequestHeader>
{
    /// <summary>Tries before the dead letter topic.</summary>
    public int? MaxReconsumeTimes { get; init; }

    /// <summary>The message's place in the commit log.</summary>
    public required long Offset { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <summary>0 lets the broker choose, below 0 means dead letter.</summary>
    public required int DelayLevel { get; init; }

    /// <summary>The topic it came from.</summary>
    public string? OriginTopic { get; init; }

    /// <summary>The message id.</summary>
    public string? OriginMessageId { get; init; }

    /// <summary>Unit flag.</summary>
    public bool UnitMode { get; init; }

    /// <summary>The consumer group.</summary>
    public required string Group { get; init; }

    /// <inheritdoc/>
    public static ConsumerSendMsgBackRequestHeader Read(HeaderFields fields) => new()
    {
        MaxReconsumeTimes = fields.GetInt32OrNull("maxReconsumeTimes"u8),
        Offset = fields.GetInt64("offset"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
        DelayLevel = fields.GetInt32("delayLevel"u8),
        OriginTopic = fields.GetStringOrNull("originTopic"u8),
        OriginMessageId = fields.GetStringOrNull("originMsgId"u8),
        UnitMode = fields.GetBoolean("unitMode"u8, false),
        Group = fields.GetString("group"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("maxReconsumeTimes"u8, MaxReconsumeTimes);
        fields.Add("offset"u8, Offset);
        fields.Add("bname"u8, BrokerName);
        fields.Add("delayLevel"u8, DelayLevel);
        fields.Add("originTopic"u8, OriginTopic);
        fields.Add("originMsgId"u8, OriginMessageId);
        fields.Add("unitMode"u8, UnitMode);
        fields.Add("group"u8, Group);
    }
}
