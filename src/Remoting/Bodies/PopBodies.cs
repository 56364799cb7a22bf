using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>Acknowledges messages of several pops at once (code 200151).</summary>
public sealed class BatchAckBody
{
    /// <summary>The broker that gave them.</summary>
    [JsonPropertyName("brokerName")]
    public string? BrokerName { get; set; }

    /// <summary>The messages, by the pop and the queue that they came with.</summary>
    [JsonPropertyName("acks")]
    public List<BatchAckEntry>? Acks { get; set; } = [];
}

/// <summary>Messages of one queue and one pop. The long names are those of older clients.</summary>
public sealed class BatchAckEntry
{
    /// <summary>The consumer group.</summary>
    [JsonPropertyName("c")]
    public string? Group { get; set; }

    /// <summary>The topic; of a retry, the one that it is a retry of.</summary>
    [JsonPropertyName("t")]
    public string? Topic { get; set; }

    /// <summary>"0"; "1" or "2" in the retry topic of the first or second form.</summary>
    [JsonPropertyName("r")]
    public string? Retry { get; set; }

    /// <summary>Where the read of the pop began.</summary>
    [JsonPropertyName("so")]
    public long StartOffset { get; set; }

    /// <summary>The queue.</summary>
    [JsonPropertyName("q")]
    public int QueueId { get; set; }

    /// <summary>The revive queue.</summary>
    [JsonPropertyName("rq")]
    public int ReviveQueueId { get; set; }

    /// <summary>When it was popped.</summary>
    [JsonPropertyName("pt")]
    public long PopTime { get; set; }

    /// <summary>How long it is invisible.</summary>
    [JsonPropertyName("it")]
    public long InvisibleTime { get; set; }

    /// <summary>A bit for each distance from the start; lowest bit of the first byte first.</summary>
    [JsonPropertyName("b")]
    public byte[]? Bits { get; set; }

    /// <summary>As <see cref="Group"/>.</summary>
    [JsonPropertyName("consumerGroup")]
    public string? LongGroup { get => null; set => Group ??= value; }

    /// <summary>As <see cref="Topic"/>.</summary>
    [JsonPropertyName("topic")]
    public string? LongTopic { get => null; set => Topic ??= value; }

    /// <summary>As <see cref="Retry"/>.</summary>
    [JsonPropertyName("retry")]
    public string? LongRetry { get => null; set => Retry ??= value; }

    /// <summary>As <see cref="Bits"/>.</summary>
    [JsonPropertyName("bitSet")]
    public byte[]? LongBits { get => null; set => Bits ??= value; }
}

/// <summary>Asks which queues a member of a group should read, and how (code 400).</summary>
public sealed class QueryAssignmentBody
{
    /// <summary>The member.</summary>
    [JsonPropertyName("clientId")]
    public string? ClientId { get; set; }

    /// <summary>The group.</summary>
    [JsonPropertyName("consumerGroup")]
    public string? ConsumerGroup { get; set; }

    /// <summary>"CLUSTERING" or "BROADCASTING".</summary>
    [JsonPropertyName("messageModel")]
    public string? MessageModel { get; set; }

    /// <summary>"AVG" or "AVG_BY_CIRCLE".</summary>
    [JsonPropertyName("strategyName")]
    public string? StrategyName { get; set; }

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string? Topic { get; set; }
}

/// <summary>The queues of a member.</summary>
public sealed class QueryAssignmentResponseBody
{
    /// <summary>The queues; null when the member should keep what it has.</summary>
    [JsonPropertyName("messageQueueAssignments")]
    public List<QueueAssignmentData>? Assignments { get; set; }
}

/// <summary>A queue of a member, and how it reads it.</summary>
public sealed class QueueAssignmentData
{
    /// <summary>The queue; id -1 for all of the broker.</summary>
    [JsonPropertyName("messageQueue")]
    public MessageQueueData? Queue { get; set; }

    /// <summary>"PULL" or "POP".</summary>
    [JsonPropertyName("mode")]
    public string Mode { get; set; } = "PULL";
}

/// <summary>Says whether a group pulls or pops a topic (code 401).</summary>
public sealed class MessageRequestModeBody
{
    /// <summary>The group.</summary>
    [JsonPropertyName("consumerGroup")]
    public string? ConsumerGroup { get; set; }

    /// <summary>"PULL" or "POP".</summary>
    [JsonPropertyName("mode")]
    public string? Mode { get; set; } = "PULL";

    /// <summary>How many of the next members' queues a member pops too; 0 or less for all.</summary>
    [JsonPropertyName("popShareQueueNum")]
    public int PopShareQueues { get; set; }

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string? Topic { get; set; }
}
