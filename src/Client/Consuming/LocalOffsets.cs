using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>The file of broadcast offsets.</summary>
internal sealed class LocalOffsets
{
    /// <summary>One for each queue.</summary>
    [JsonPropertyName("offsets")]
    public List<LocalOffset> Offsets { get; set; } = [];
}

/// <summary>The progress of this instance in a queue.</summary>
internal sealed record LocalOffset
{
    [JsonPropertyName("topic")]
    public string Topic { get; init; } = "";

    [JsonPropertyName("brokerName")]
    public string BrokerName { get; init; } = "";

    [JsonPropertyName("queueId")]
    public int QueueId { get; init; }

    /// <summary>The next offset to handle.</summary>
    [JsonPropertyName("offset")]
    public long Offset { get; init; }
}

/// <summary>Reads and writes the file without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(LocalOffsets))]
internal sealed partial class LocalOffsetsJson : JsonSerializerContext;
