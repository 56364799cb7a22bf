using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>Offsets by queue.</summary>
[JsonConverter(typeof(QueueMapConverter<QueueOffsets, long>))]
public sealed class QueueOffsets : QueueMap<long>;

/// <summary>New progress of a group: the body of code 220 and the answer to code 222.</summary>
public sealed class ResetOffsetBody
{
    /// <summary>The next offset of each queue.</summary>
    [JsonPropertyName("offsetTable")]
    public QueueOffsets Offsets { get; set; } = new();
}

/// <summary>Where consumers are: the answers to codes 221 (one consumer) and 223 (all).</summary>
public sealed class ConsumerStatusBody
{
    /// <summary>The consumers' offsets by client id.</summary>
    [JsonPropertyName("consumerTable")]
    public Dictionary<string, QueueOffsets> Consumers { get; set; } = [];

    /// <summary>The asked consumer's offsets.</summary>
    [JsonPropertyName("messageQueueTable")]
    public QueueOffsets Offsets { get; set; } = new();
}

/// <summary>The answer to code 308: by queue the least progress of other groups.</summary>
public sealed class QueryCorrectionOffsetBody
{
    /// <summary>Offsets by queue of the topic.</summary>
    [JsonPropertyName("correctionOffsets")]
    public Dictionary<int, long> Offsets { get; set; } = [];
}

/// <summary>Ends of a queue.</summary>
public sealed class TopicOffset
{
    /// <summary>When the last message was stored; 0 without one.</summary>
    [JsonPropertyName("lastUpdateTimestamp")]
    public long LastUpdateTimestamp { get; set; }

    /// <summary>Offset of the next message.</summary>
    [JsonPropertyName("maxOffset")]
    public long MaxOffset { get; set; }

    /// <summary>The oldest offset kept.</summary>
    [JsonPropertyName("minOffset")]
    public long MinOffset { get; set; }
}

/// <summary>Ends of queues.</summary>
[JsonConverter(typeof(QueueMapConverter<TopicOffsets, TopicOffset>))]
public sealed class TopicOffsets : QueueMap<TopicOffset>;

/// <summary>The answer to code 202.</summary>
public sealed class TopicStatsTable
{
    /// <summary>The queues.</summary>
    [JsonPropertyName("offsetTable")]
    public TopicOffsets Offsets { get; set; } = new();

    /// <summary>Messages a second; absent from 4.x brokers.</summary>
    [JsonPropertyName("topicPutTps")]
    [JsonConverter(typeof(JavaDoubleConverter))]
    public double? PutTps { get; set; }
}

/// <summary>Where a group is in a queue.</summary>
public sealed class ConsumeOffset
{
    /// <summary>The queue's end.</summary>
    [JsonPropertyName("brokerOffset")]
    public long BrokerOffset { get; set; }

    /// <summary>The next offset that the group has not finished.</summary>
    [JsonPropertyName("consumerOffset")]
    public long ConsumerOffset { get; set; }

    /// <summary>When the last message that the group finished was stored; 0 without one.</summary>
    [JsonPropertyName("lastTimestamp")]
    public long LastTimestamp { get; set; }

    /// <summary>The next offset that the group will be given; absent from 4.x brokers.</summary>
    [JsonPropertyName("pullOffset")]
    public long? PullOffset { get; set; }
}

/// <summary>Where a group is in queues.</summary>
[JsonConverter(typeof(QueueMapConverter<ConsumeOffsets, ConsumeOffset>))]
public sealed class ConsumeOffsets : QueueMap<ConsumeOffset>;

/// <summary>The answer to code 208, and a part of that to code 317.</summary>
public sealed class ConsumeStats
{
    /// <summary>Messages a second.</summary>
    [JsonPropertyName("consumeTps")]
    [JsonConverter(typeof(JavaDoubleConverter))]
    public double ConsumeTps { get; set; }

    /// <summary>The queues.</summary>
    [JsonPropertyName("offsetTable")]
    public ConsumeOffsets Offsets { get; set; } = new();
}

/// <summary>The answer to code 317.</summary>
public sealed class ConsumeStatsList
{
    /// <summary>The broker's address.</summary>
    [JsonPropertyName("brokerAddr")]
    public string? BrokerAddress { get; set; }

    /// <summary>Objects of one member each: a group and, by topic, where it is.</summary>
    [JsonPropertyName("consumeStatsList")]
    public List<Dictionary<string, List<ConsumeStats>>> Groups { get; set; } = [];

    /// <summary>Messages that the groups have before them.</summary>
    [JsonPropertyName("totalDiff")]
    public long TotalDiff { get; set; }

    /// <summary>Messages that the groups were given and have not finished; absent from 4.x brokers.</summary>
    [JsonPropertyName("totalInflightDiff")]
    public long? TotalInflightDiff { get; set; }
}
