using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A reply on its way to the client that asked (code 326). The body is the reply's.</summary>
public readonly record struct ReplyMessageRequestHeader : IHeaderWriter, IHeaderReader<ReplyMessageRequestHeader>
{
    /// <summary>Group of the client that replies.</summary>
    public required HeaderText ProducerGroup { get; init; }

    /// <summary>The topic of replies.</summary>
    public required HeaderText Topic { get; init; }

    /// <summary>The topic whose settings a new topic inherits.</summary>
    public required HeaderText DefaultTopic { get; init; }

    /// <summary>How many queues a new topic gets.</summary>
    public required int DefaultTopicQueues { get; init; }

    /// <summary>The queue.</summary>
    public required int QueueId { get; init; }

    /// <summary>Bits of the message's system flag.</summary>
    public required int SystemFlag { get; init; }

    /// <summary>When the reply was made, in milliseconds since 1970.</summary>
    public required long BornTimestamp { get; init; }

    /// <summary>The application's own flag.</summary>
    public required int Flag { get; init; }

    /// <summary>Property text of the reply.</summary>
    public HeaderText Properties { get; init; }

    /// <summary>How often it was tried before.</summary>
    public int? ReconsumeTimes { get; init; }

    /// <summary>Unit flag.</summary>
    public bool UnitMode { get; init; }

    /// <summary>Who replies, <c>host:port</c>.</summary>
    public required string BornHost { get; init; }

    /// <summary>The broker, <c>host:port</c>.</summary>
    public required string StoreHost { get; init; }

    /// <summary>When the broker took the reply, in milliseconds since 1970.</summary>
    public required long StoreTimestamp { get; init; }

    /// <inheritdoc/>
    public static ReplyMessageRequestHeader Read(HeaderFields fields) => new()
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
        UnitMode = fields.GetBoolean("unitMode"u8, false),
        BornHost = fields.GetString("bornHost"u8),
        StoreHost = fields.GetString("storeHost"u8),
        StoreTimestamp = fields.GetInt64("storeTimestamp"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("producerGroup"u8, ProducerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("defaultTopic"u8, DefaultTopic);
        fields.Add("defaultTopicQueueNums"u8, (long)DefaultTopicQueues);
        fields.Add("queueId"u8, (long)QueueId);
        fields.Add("sysFlag"u8, (long)SystemFlag);
        fields.Add("bornTimestamp"u8, BornTimestamp);
        fields.Add("flag"u8, (long)Flag);
        fields.Add("properties"u8, Properties);
        fields.Add("reconsumeTimes"u8, ReconsumeTimes);
        fields.Add("unitMode"u8, UnitMode);
        fields.Add("bornHost"u8, BornHost);
        fields.Add("storeHost"u8, StoreHost);
        fields.Add("storeTimestamp"u8, StoreTimestamp);
    }
}
