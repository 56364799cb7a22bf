using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// A message whose way is asked for: by its MQTT name, or by its RocketMQ topic.
/// <code>
///  { "mqttTopic": "site1/dev7/telemetry/temp" }
///  { "topic": "telemetry", "tag": "temp", "key": "dev7" }
/// </code>
/// </summary>
/// <param name="MqttTopic">MQTT topic name, or null.</param>
/// <param name="Topic">RocketMQ topic, or null.</param>
/// <param name="Tag">Tag, or null.</param>
/// <param name="Key">Key, or null.</param>
internal readonly record struct MappingRequest(string? MqttTopic, string? Topic, string? Tag, string? Key)
{
    private const string Where = "the request";

    /// <summary>Reads it.</summary>
    public static MappingRequest Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return Read(json).Checked();
        }
        catch (JsonException wrong)
        {
            throw JsonMembers.Malformed(wrong);
        }
    }

    private static MappingRequest Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, JsonText.Reading);
        var request = default(MappingRequest);
        reader.Read();
        JsonRequests.ExpectObject(ref reader, Where);
        var members = new JsonMembers(Where);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = members.Next(ref reader);
            string text = JsonMembers.Text(ref reader, Where, name);
            request = name switch
            {
                "mqttTopic" => request with { MqttTopic = text },
                "topic" => request with { Topic = text },
                "tag" => request with { Tag = text },
                "key" => request with { Key = text },
                _ => throw RefusalException.Json($"The member '{name}' is unknown here."),
            };
        }

        JsonRequests.ExpectEnd(ref reader);
        return request;
    }

    private MappingRequest Checked()
    {
        if ((MqttTopic is null) == (Topic is null))
            throw RefusalException.Invalid("Say either mqttTopic, or topic with tag and key.");
        return MqttTopic is null || (Tag is null && Key is null)
            ? this
            : throw RefusalException.Invalid("tag and key belong to topic: those of an mqttTopic are what is asked for.");
    }
}
