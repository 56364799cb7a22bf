using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>A client's connection.</summary>
public sealed class ConnectionData
{
    /// <summary>Its address.</summary>
    [JsonPropertyName("clientAddr")]
    public string ClientAddress { get; set; } = "";

    /// <summary>Its id.</summary>
    [JsonPropertyName("clientId")]
    public string ClientId { get; set; } = "";

    /// <summary>Its language, a name of RocketMQ's.</summary>
    [JsonPropertyName("language")]
    public string Language { get; set; } = "OTHER";

    /// <summary>Its protocol version.</summary>
    [JsonPropertyName("version")]
    public int Version { get; set; }
}

/// <summary>The members of a group: the answer to code 203.</summary>
public sealed class ConsumerConnection
{
    /// <summary>Where they are.</summary>
    [JsonPropertyName("connectionSet")]
    public List<ConnectionData> Connections { get; set; } = [];

    /// <summary>Where the group begins without progress.</summary>
    [JsonPropertyName("consumeFromWhere")]
    public string? ConsumeFromWhere { get; set; }

    /// <summary>How it is given messages.</summary>
    [JsonPropertyName("consumeType")]
    public string? ConsumeType { get; set; }

    /// <summary>How it shares them.</summary>
    [JsonPropertyName("messageModel")]
    public string? MessageModel { get; set; }

    /// <summary>What it reads, by topic.</summary>
    [JsonPropertyName("subscriptionTable")]
    public Dictionary<string, SubscriptionData> Subscriptions { get; set; } = [];
}

/// <summary>The producers of a group: the answer to code 204.</summary>
public sealed class ProducerConnection
{
    /// <summary>Where they are.</summary>
    [JsonPropertyName("connectionSet")]
    public List<ConnectionData> Connections { get; set; } = [];
}

/// <summary>A producer.</summary>
public sealed class ProducerInfo
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("clientId")]
    public string ClientId { get; set; } = "";

    /// <summary>Its language, a name of RocketMQ's.</summary>
    [JsonPropertyName("language")]
    public string Language { get; set; } = "OTHER";

    /// <summary>Its last heartbeat.</summary>
    [JsonPropertyName("lastUpdateTimestamp")]
    public long LastUpdateTimestamp { get; set; }

    /// <summary>Its address.</summary>
    [JsonPropertyName("remoteIP")]
    public string RemoteAddress { get; set; } = "";

    /// <summary>Its protocol version.</summary>
    [JsonPropertyName("version")]
    public int Version { get; set; }
}

/// <summary>All producers by group: the answer to code 328.</summary>
public sealed class ProducerTableInfo
{
    /// <summary>The producers.</summary>
    [JsonPropertyName("data")]
    public Dictionary<string, List<ProducerInfo>> Groups { get; set; } = [];
}

/// <summary>Groups: the answer to code 300.</summary>
public sealed class GroupList
{
    /// <summary>The groups.</summary>
    [JsonPropertyName("groupList")]
    public List<string> Groups { get; set; } = [];
}

/// <summary>What a group reads of a topic: the answer to code 345.</summary>
public sealed class QuerySubscriptionResponseBody
{
    /// <summary>The group.</summary>
    [JsonPropertyName("group")]
    public string? Group { get; set; }

    /// <summary>What it reads; absent when it reads nothing.</summary>
    [JsonPropertyName("subscriptionData")]
    public SubscriptionData? Subscription { get; set; }

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string? Topic { get; set; }
}

/// <summary>Whether a group may read a topic: the answer to code 353.</summary>
public sealed class GroupForbidden
{
    /// <summary>The group.</summary>
    [JsonPropertyName("group")]
    public string? Group { get; set; }

    /// <summary>Whether it may.</summary>
    [JsonPropertyName("readable")]
    public bool Readable { get; set; }

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string? Topic { get; set; }
}
