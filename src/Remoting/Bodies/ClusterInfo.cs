using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>All brokers by name and by cluster: the answer to code 106.</summary>
public sealed class ClusterInfo
{
    /// <summary>Broker sets by name.</summary>
    [JsonPropertyName("brokerAddrTable")]
    public Dictionary<string, BrokerData> Brokers { get; set; } = [];

    /// <summary>Names of broker sets by cluster.</summary>
    [JsonPropertyName("clusterAddrTable")]
    public Dictionary<string, List<string>> Clusters { get; set; } = [];
}

/// <summary>Topic names: the answer to code 206.</summary>
public sealed class TopicList
{
    /// <summary>The address of the broker asked, when a broker answers.</summary>
    [JsonPropertyName("brokerAddr")]
    public string? BrokerAddress { get; set; }

    /// <summary>The names.</summary>
    [JsonPropertyName("topicList")]
    public List<string> Topics { get; set; } = [];
}

/// <summary>Names and values: what the name server tells a broker at registration (ordered topics).</summary>
public sealed class KvTable
{
    /// <summary>The pairs.</summary>
    [JsonPropertyName("table")]
    public Dictionary<string, string> Table { get; set; } = [];
}
