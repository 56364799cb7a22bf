using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>Tells one state of a table from another.</summary>
public sealed record DataVersion
{
    /// <summary>Changes since the start.</summary>
    [JsonPropertyName("counter")]
    public long Counter { get; init; }

    /// <summary>The term of the master that changed it; 0 without election.</summary>
    [JsonPropertyName("stateVersion")]
    public long StateVersion { get; init; }

    /// <summary>When it last changed, in milliseconds since 1970.</summary>
    [JsonPropertyName("timestamp")]
    public long Timestamp { get; init; }
}

/// <summary>A topic's settings on one broker, as in <c>topics.json</c> and in registrations.</summary>
public sealed record TopicConfigData
{
    /// <summary>Typed attributes (message type and so on); absent from 4.x brokers.</summary>
    [JsonPropertyName("attributes")]
    public Dictionary<string, string>? Attributes { get; init; }

    /// <summary>Whether the topic is ordered.</summary>
    [JsonPropertyName("order")]
    public bool Order { get; init; }

    /// <summary>4 read, 2 write, 1 inherit.</summary>
    [JsonPropertyName("perm")]
    public int Permission { get; init; } = 6;

    /// <summary>Queues to read.</summary>
    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; } = 16;

    /// <summary>"SINGLE_TAG" or "MULTI_TAG".</summary>
    [JsonPropertyName("topicFilterType")]
    public string FilterType { get; init; } = "SINGLE_TAG";

    /// <summary>The topic.</summary>
    [JsonPropertyName("topicName")]
    public string TopicName { get; init; } = "";

    /// <summary>Unit flags.</summary>
    [JsonPropertyName("topicSysFlag")]
    public int SystemFlag { get; init; }

    /// <summary>Queues to write.</summary>
    [JsonPropertyName("writeQueueNums")]
    public int WriteQueues { get; init; } = 16;
}

/// <summary>All topics of a broker and the version of that table.</summary>
public sealed class TopicConfigTable
{
    /// <summary>The table's version.</summary>
    [JsonPropertyName("dataVersion")]
    public DataVersion Version { get; set; } = new();

    /// <summary>The version of the static topics' mapping; from 5.x brokers.</summary>
    [JsonPropertyName("mappingDataVersion")]
    public DataVersion? MappingVersion { get; set; }

    /// <summary>The topics by name.</summary>
    [JsonPropertyName("topicConfigTable")]
    public Dictionary<string, TopicConfigData> Topics { get; set; } = [];

    /// <summary>How the queues of static topics are mapped, by topic: handed on to clients as it came; from 5.x brokers.</summary>
    [JsonPropertyName("topicQueueMappingInfoMap")]
    public Dictionary<string, JsonElement>? QueueMappings { get; set; }
}
