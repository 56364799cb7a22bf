using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>What a client tells its brokers every so often (code 34).</summary>
public sealed class HeartbeatData
{
    /// <summary>The client's id, unique in its cluster.</summary>
    [JsonPropertyName("clientID")]
    public string ClientId { get; set; } = "";

    /// <summary>The groups it consumes in.</summary>
    [JsonPropertyName("consumerDataSet")]
    public List<ConsumerData> Consumers { get; set; } = [];

    /// <summary>A fingerprint of the subscriptions, for heartbeats without them; 0 in others.</summary>
    [JsonPropertyName("heartbeatFingerprint")]
    public int Fingerprint { get; set; }

    /// <summary>The groups it produces in.</summary>
    [JsonPropertyName("producerDataSet")]
    public List<ProducerData> Producers { get; set; } = [];

    /// <summary>Whether the subscriptions were left out because they did not change.</summary>
    [JsonPropertyName("withoutSub")]
    public bool WithoutSubscriptions { get; set; }
}

/// <summary>A group a client produces in.</summary>
public sealed class ProducerData
{
    /// <summary>The group.</summary>
    [JsonPropertyName("groupName")]
    public string GroupName { get; set; } = "";
}

/// <summary>A group a client consumes in, and how.</summary>
public sealed class ConsumerData
{
    /// <summary>"CONSUME_FROM_LAST_OFFSET", "CONSUME_FROM_FIRST_OFFSET" or "CONSUME_FROM_TIMESTAMP".</summary>
    [JsonPropertyName("consumeFromWhere")]
    public string ConsumeFromWhere { get; set; } = "CONSUME_FROM_LAST_OFFSET";

    /// <summary>"CONSUME_ACTIVELY" (pull), "CONSUME_PASSIVELY" (push) or "CONSUME_POP".</summary>
    [JsonPropertyName("consumeType")]
    public string ConsumeType { get; set; } = "CONSUME_PASSIVELY";

    /// <summary>The group.</summary>
    [JsonPropertyName("groupName")]
    public string GroupName { get; set; } = "";

    /// <summary>"CLUSTERING" or "BROADCASTING".</summary>
    [JsonPropertyName("messageModel")]
    public string MessageModel { get; set; } = "CLUSTERING";

    /// <summary>The topics and filters.</summary>
    [JsonPropertyName("subscriptionDataSet")]
    public List<SubscriptionData> Subscriptions { get; set; } = [];

    /// <summary>Unit flag.</summary>
    [JsonPropertyName("unitMode")]
    public bool UnitMode { get; set; }
}

/// <summary>A topic and what of it is wanted.</summary>
public sealed class SubscriptionData
{
    /// <summary>Whether the filter is a class; not supported since 4.3.</summary>
    [JsonPropertyName("classFilterMode")]
    public bool ClassFilterMode { get; set; }

    /// <summary>Java hash codes of the tags.</summary>
    [JsonPropertyName("codeSet")]
    public List<int> CodeSet { get; set; } = [];

    /// <summary>"TAG" or "SQL92".</summary>
    [JsonPropertyName("expressionType")]
    public string? ExpressionType { get; set; } = "TAG";

    /// <summary>The expression: "*", "a || b", or SQL.</summary>
    [JsonPropertyName("subString")]
    public string? Expression { get; set; } = "*";

    /// <summary>The version: when the client made it.</summary>
    [JsonPropertyName("subVersion")]
    public long Version { get; set; }

    /// <summary>The tags; empty means all.</summary>
    [JsonPropertyName("tagsSet")]
    public List<string> Tags { get; set; } = [];

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string Topic { get; set; } = "";
}
