using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>Which brokers have a topic, and with which queues: the answer to code 105.</summary>
public sealed class TopicRouteData
{
    /// <summary>The brokers, with their addresses.</summary>
    [JsonPropertyName("brokerDatas")]
    public List<BrokerData> Brokers { get; set; } = [];

    /// <summary>Filter servers by broker address; unused since 4.3 but expected by clients.</summary>
    [JsonPropertyName("filterServerTable")]
    public Dictionary<string, List<string>>? FilterServers { get; set; } = [];

    /// <summary>"broker:queues;..." for ordered topics.</summary>
    [JsonPropertyName("orderTopicConf")]
    public string? OrderTopicConf { get; set; }

    /// <summary>The queues of each broker.</summary>
    [JsonPropertyName("queueDatas")]
    public List<QueueData> Queues { get; set; } = [];

    /// <summary>How the queues of a static topic are mapped, by broker.</summary>
    [JsonPropertyName("topicQueueMappingByBroker")]
    public Dictionary<string, JsonElement>? QueueMappings { get; set; }
}

/// <summary>The queues that one broker has of a topic.</summary>
public sealed record QueueData
{
    /// <summary>The broker set's name.</summary>
    [JsonPropertyName("brokerName")]
    public string BrokerName { get; init; } = "";

    /// <summary>4 read, 2 write, 1 inherit.</summary>
    [JsonPropertyName("perm")]
    public int Permission { get; init; }

    /// <summary>Queues to read.</summary>
    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; }

    /// <summary>Unit flags.</summary>
    [JsonPropertyName("topicSysFlag")]
    public int TopicSystemFlag { get; init; }

    /// <summary>Queues to write.</summary>
    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; }
}

/// <summary>A broker set: a master (id 0) and its replicas.</summary>
public sealed class BrokerData
{
    /// <summary>Addresses by broker id.</summary>
    [JsonPropertyName("brokerAddrs")]
    public SortedDictionary<long, string> Addresses { get; set; } = [];

    /// <summary>The broker set's name.</summary>
    [JsonPropertyName("brokerName")]
    public string BrokerName { get; set; } = "";

    /// <summary>Its cluster.</summary>
    [JsonPropertyName("cluster")]
    public string Cluster { get; set; } = "";

    /// <summary>Whether a replica may stand in for the master.</summary>
    [JsonPropertyName("enableActingMaster")]
    public bool EnableActingMaster { get; set; }

    /// <summary>The zone it is in.</summary>
    [JsonPropertyName("zoneName")]
    public string? ZoneName { get; set; }
}
