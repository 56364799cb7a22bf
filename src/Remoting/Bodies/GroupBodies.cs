using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>The client ids of a group: the answer to code 38.</summary>
public sealed class ConsumerListBody
{
    /// <summary>The client ids.</summary>
    [JsonPropertyName("consumerIdList")]
    public List<string> ConsumerIds { get; set; } = [];
}

/// <summary>A queue of a topic on a broker.</summary>
public sealed record MessageQueueData
{
    /// <summary>The broker set's name.</summary>
    [JsonPropertyName("brokerName")]
    public string BrokerName { get; init; } = "";

    /// <summary>The queue.</summary>
    [JsonPropertyName("queueId")]
    public int QueueId { get; init; }

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string Topic { get; init; } = "";
}

/// <summary>Queues that an ordered consumer wants to lock or to unlock (codes 41 and 42).</summary>
public sealed class LockBatchBody
{
    /// <summary>The client.</summary>
    [JsonPropertyName("clientId")]
    public string ClientId { get; set; } = "";

    /// <summary>Its group.</summary>
    [JsonPropertyName("consumerGroup")]
    public string ConsumerGroup { get; set; } = "";

    /// <summary>The queues.</summary>
    [JsonPropertyName("mqSet")]
    public List<MessageQueueData> Queues { get; set; } = [];

    /// <summary>Whether only the asked broker decides.</summary>
    [JsonPropertyName("onlyThisBroker")]
    public bool OnlyThisBroker { get; set; }
}

/// <summary>The queues that were locked: the answer to code 41.</summary>
public sealed class LockBatchResponseBody
{
    /// <summary>The queues.</summary>
    [JsonPropertyName("lockOKMQSet")]
    public List<MessageQueueData> LockedQueues { get; set; } = [];
}
