using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>What a broker registers at a name server (code 103). The compressed form is <see cref="CompressedRegistration"/>.</summary>
public sealed class RegisterBrokerBody
{
    /// <summary>Filter servers; always empty since 4.3.</summary>
    [JsonPropertyName("filterServerList")]
    public List<string> FilterServers { get; set; } = [];

    /// <summary>The topics.</summary>
    [JsonPropertyName("topicConfigSerializeWrapper")]
    public TopicConfigTable TopicConfig { get; set; } = new();
}
