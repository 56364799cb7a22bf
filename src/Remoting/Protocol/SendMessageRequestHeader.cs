using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A message to append: codes 10, 310 and 320. Only the names of the fields differ.</summary>
/// <remarks>Written as version 1; <see cref="SendMessageRequestHeaderV2"/> wraps it for the others.</remarks>
public readonly record struct SendMessageRequestHeader : IHeaderWriter, IHeaderReader<SendMessageRequestHeader>
{
    /// <summary>The producer group.</summary>
    public required HeaderText ProducerGroup { get; init; }

    /// <summary>The topic.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The topic whose settings a new topic inherits.</summary>
    public required HeaderText DefaultTopic { get; init; }

    /// <summary>How many queues a new topic gets.</summary>
    public required int DefaultTopicQueues { get; init; }

    /// <summary>The queue; below 0 lets the broker choose.</summary>
    public required int QueueId { get; init; }

    /// <summary>Bits: 1 compressed body, 2 several tags, 4 and 8 transaction state.</summary>
    public required int SystemFlag { get; init; }

    /// <summary>When the client made it, in milliseconds since 1970.</summary>
    public required long BornTimestamp { get; init; }

    /// <summary>The application's own flag.</summary>
    public required int Flag { get; init; }

    /// <summary>Property text: name, U+0001, value, U+0002, repeated.</summary>
    public HeaderText Properties { get; init; }

    /// <summary>How often it was tried before.</summary>
    public int? ReconsumeTimes { get; init; }

    /// <summary>Unit flag.</summary>
    public bool? UnitMode { get; init; }

    /// <summary>Tries before the dead letter topic.</summary>
    public int? MaxReconsumeTimes { get; init; }

    /// <summary>Whether the body is several messages.</summary>
    public bool? Batch { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public HeaderText BrokerName { get; init; }

    /// <inheritdoc/>
    public static SendMessageRequestHeader Read(HeaderFields fields) => new()
    {
        ProducerGroup = fields.GetText("producerGroup"u8),
        Topic = fields.GetText("topic"u8),
        DefaultTopic = fields.GetText("defaultTopic"u8),
        DefaultTopicQueues = fields.GetInt32("defaultTopicQueueNums"u8),
        QueueId = fields.GetInt32("queueId"u8),
        SystemFlag = fields.GetInt32("sysFlag"u8),
        BornTimestamp = fields.GetInt64("bornTimestamp"u8),
        Flag = fields.GetInt32("flag"u8),
        Properties = fields.GetTextOrAbsent("properties"u8),
        ReconsumeTimes = fields.GetInt32OrNull("reconsumeTimes"u8),
        UnitMode = fields.GetBooleanOrNull("unitMode"u8),
        MaxReconsumeTimes = fields.GetInt32OrNull("maxReconsumeTimes"u8),
        Batch = fields.GetBooleanOrNull("batch"u8),
        BrokerName = fields.GetTextOrAbsent("bname"u8),
    };

    /// <summary>Reads version 2: one-letter names.</summary>
    public static SendMessageRequestHeader ReadV2(HeaderFields fields) => new()
    {
        ProducerGroup = fields.GetText("a"u8),
        Topic = fields.GetText("b"u8),
        DefaultTopic = fields.GetText("c"u8),
        DefaultTopicQueues = fields.GetInt32("d"u8),
        QueueId = fields.GetInt32("e"u8),
        SystemFlag = fields.GetInt32("f"u8),
        BornTimestamp = fields.GetInt64("g"u8),
        Flag = fields.GetInt32("h"u8),
        Properties = fields.GetTextOrAbsent("i"u8),
        ReconsumeTimes = fields.GetInt32OrNull("j"u8),
        UnitMode = fields.GetBooleanOrNull("k"u8),
        MaxReconsumeTimes = fields.GetInt32OrNull("l"u8),
        Batch = fields.GetBooleanOrNull("m"u8),
        BrokerName = fields.GetTextOrAbsent("n"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("producerGroup"u8, ProducerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("defaultTopic"u8, DefaultTopic);
        fields.Add("defaultTopicQueueNums"u8, DefaultTopicQueues);
        fields.Add("queueId"u8, QueueId);
        fields.Add("sysFlag"u8, SystemFlag);
        fields.Add("bornTimestamp"u8, BornTimestamp);
        fields.Add("flag"u8, Flag);
        fields.Add("properties"u8, Properties);
        fields.Add("reconsumeTimes"u8, ReconsumeTimes);
        fields.Add("unitMode"u8, UnitMode);
        fields.Add("maxReconsumeTimes"u8, MaxReconsumeTimes);
        fields.Add("batch"u8, Batch);
        fields.Add("bname"u8, BrokerName);
    }

    /// <summary>Writes version 2: one-letter names.</summary>
    public void WriteV2(HeaderFieldsWriter fields)
    {
        fields.BeginFastPart();
        fields.Add("a"u8, ProducerGroup);
        fields.Add("b"u8, Topic);
        fields.Add("c"u8, DefaultTopic);
        fields.Add("d"u8, DefaultTopicQueues);
        fields.Add("e"u8, QueueId);
        fields.Add("f"u8, SystemFlag);
        fields.Add("g"u8, BornTimestamp);
        fields.Add("h"u8, Flag);
        fields.Add("i"u8, Properties);
        fields.Add("j"u8, ReconsumeTimes);
        fields.Add("k"u8, UnitMode);
        fields.Add("l"u8, MaxReconsumeTimes);
        fields.Add("m"u8, Batch);
        fields.Add("n"u8, BrokerName);
        fields.EndFastPart();
    }
}

/// <summary>The same, as codes 310 and 320 carry it.</summary>
public readonly record struct SendMessageRequestHeaderV2(SendMessageRequestHeader Header)
    : IHeaderWriter, IHeaderReader<SendMessageRequestHeaderV2>
{
    /// <inheritdoc/>
    public static SendMessageRequestHeaderV2 Read(HeaderFields fields) => new(SendMessageRequestHeader.ReadV2(fields));

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields) => Header.WriteV2(fields);
}
