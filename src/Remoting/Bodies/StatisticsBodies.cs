using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>A counter over a time.</summary>
public sealed class BrokerStatsItem
{
    /// <summary>The sum, divided by how often something was added.</summary>
    [JsonPropertyName("avgpt")]
    [JsonConverter(typeof(JavaDoubleConverter))]
    public double Average { get; set; }

    /// <summary>The sum.</summary>
    [JsonPropertyName("sum")]
    public long Sum { get; set; }

    /// <summary>The sum, divided by seconds.</summary>
    [JsonPropertyName("tps")]
    [JsonConverter(typeof(JavaDoubleConverter))]
    public double Tps { get; set; }
}

/// <summary>A counter: the answer to code 315.</summary>
public sealed class BrokerStatsData
{
    /// <summary>Over the last day.</summary>
    [JsonPropertyName("statsDay")]
    public BrokerStatsItem Day { get; set; } = new();

    /// <summary>Over the last hour.</summary>
    [JsonPropertyName("statsHour")]
    public BrokerStatsItem Hour { get; set; } = new();

    /// <summary>Over the last minute.</summary>
    [JsonPropertyName("statsMinute")]
    public BrokerStatsItem Minute { get; set; } = new();
}

/// <summary>An entry of a consume queue.</summary>
public sealed class ConsumeQueueData
{
    /// <summary>Bits of filters.</summary>
    [JsonPropertyName("bitMap")]
    public string? BitMap { get; set; }

    /// <summary>Whether a group's filter takes it.</summary>
    [JsonPropertyName("eval")]
    public bool Matches { get; set; }

    /// <summary>What the queue's extension says.</summary>
    [JsonPropertyName("extendDataJson")]
    public string? Extension { get; set; }

    /// <summary>What is wrong with it.</summary>
    [JsonPropertyName("msg")]
    public string? Message { get; set; }

    /// <summary>Where its record is.</summary>
    [JsonPropertyName("physicOffset")]
    public long PhysicalOffset { get; set; }

    /// <summary>How large its record is.</summary>
    [JsonPropertyName("physicSize")]
    public int PhysicalSize { get; set; }

    /// <summary>The hash of its tag.</summary>
    [JsonPropertyName("tagsCode")]
    public long TagsCode { get; set; }
}

/// <summary>Entries of a consume queue: the answer to code 321.</summary>
public sealed class QueryConsumeQueueResponseBody
{
    /// <summary>The group's filter, for people.</summary>
    [JsonPropertyName("filterData")]
    public string? Filter { get; set; }

    /// <summary>The end of the queue.</summary>
    [JsonPropertyName("maxQueueIndex")]
    public long MaxQueueIndex { get; set; }

    /// <summary>The oldest offset kept.</summary>
    [JsonPropertyName("minQueueIndex")]
    public long MinQueueIndex { get; set; }

    /// <summary>The entries.</summary>
    [JsonPropertyName("queueData")]
    public List<ConsumeQueueData>? Entries { get; set; }

    /// <summary>What the group reads of the topic.</summary>
    [JsonPropertyName("subscriptionData")]
    public SubscriptionData? Subscription { get; set; }
}

/// <summary>How old what a group reads of a queue is.</summary>
public sealed class QueueTimeSpan
{
    /// <summary>When the last message that the group finished was stored.</summary>
    [JsonPropertyName("consumeTimeStamp")]
    public long ConsumeTimestamp { get; set; }

    /// <summary>How long the next message of the group waits, in milliseconds; 0 without one.</summary>
    [JsonPropertyName("delayTime")]
    public long DelayTime { get; set; }

    /// <summary>When the newest message was stored.</summary>
    [JsonPropertyName("maxTimeStamp")]
    public long MaxTimestamp { get; set; }

    /// <summary>The queue.</summary>
    [JsonPropertyName("messageQueue")]
    public MessageQueueData? Queue { get; set; }

    /// <summary>When the oldest message was stored.</summary>
    [JsonPropertyName("minTimeStamp")]
    public long MinTimestamp { get; set; }
}

/// <summary>The answer to code 303.</summary>
public sealed class QueryConsumeTimeSpanBody
{
    /// <summary>The queues.</summary>
    [JsonPropertyName("consumeTimeSpanSet")]
    public List<QueueTimeSpan> Queues { get; set; } = [];
}

/// <summary>How a replica is fed: a part of the answer to code 907.</summary>
public sealed class HaClientRuntimeInfo
{
    /// <summary>When it last read.</summary>
    [JsonPropertyName("lastReadTimestamp")]
    public long LastReadTimestamp { get; set; }

    /// <summary>When it last wrote.</summary>
    [JsonPropertyName("lastWriteTimestamp")]
    public long LastWriteTimestamp { get; set; }

    /// <summary>How far the master is on disk.</summary>
    [JsonPropertyName("masterFlushOffset")]
    public long MasterFlushOffset { get; set; }

    /// <summary>How far it is itself.</summary>
    [JsonPropertyName("maxOffset")]
    public long MaxOffset { get; set; }

    /// <summary>Bytes a second.</summary>
    [JsonPropertyName("transferredByteInSecond")]
    public long TransferredBytesPerSecond { get; set; }
}

/// <summary>Replication: the answer to code 907.</summary>
public sealed class HaRuntimeInfo
{
    /// <summary>As a replica.</summary>
    [JsonPropertyName("haClientRuntimeInfo")]
    public HaClientRuntimeInfo Client { get; set; } = new();

    /// <summary>Addresses of replicas.</summary>
    [JsonPropertyName("haConnectionInfo")]
    public List<string> Connections { get; set; } = [];

    /// <summary>Replicas that are in step.</summary>
    [JsonPropertyName("inSyncSlaveNums")]
    public int InSyncReplicas { get; set; }

    /// <summary>Whether it is the master.</summary>
    [JsonPropertyName("master")]
    public bool IsMaster { get; set; }

    /// <summary>The end of the master's log.</summary>
    [JsonPropertyName("masterCommitLogMaxOffset")]
    public long MasterCommitLogMaxOffset { get; set; }
}
