using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.NameServer.Configuration;

/// <summary><c>kvConfig.json</c>, as Apache's name server writes it.</summary>
internal sealed class ConfigFileBody
{
    [JsonPropertyName("configTable")]
    public Dictionary<string, Dictionary<string, string>>? Table { get; set; }
}

[JsonSerializable(typeof(ConfigFileBody))]
internal sealed partial class ConfigJson : JsonSerializerContext
{
    public static ConfigJson Kept { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
