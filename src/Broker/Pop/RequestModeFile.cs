using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// <c>config/messageRequestMode.json</c> as RocketMQ writes it: <c>messageRequestModeMap</c>, by topic and group, the body of the
/// request that said it. The same is the answer to a request for all.
/// </summary>
public static class RequestModeFile
{
    /// <summary>Reads a file; null when it is not one.</summary>
    public static List<RequestMode>? Parse(ReadOnlySpan<byte> text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var modes = new List<RequestMode>();
        foreach (JsonProperty topic in document.RootElement.Fields("messageRequestModeMap"))
        {
            if (topic.Value.ValueKind == JsonValueKind.Object)
            {
                modes.AddRange(topic.Value.EnumerateObject().Select(group =>
                    new RequestMode(topic.Name, group.Name, group.Value.Text("mode") == "POP", group.Value.Int("popShareQueueNum", 0))));
            }
        }

        return modes;
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, IEnumerable<RequestMode> modes)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteStartObject("messageRequestModeMap"u8);
        foreach (IGrouping<string, RequestMode> topic in modes.GroupBy(static mode => mode.Topic))
        {
            writer.WriteStartObject(topic.Key);
            foreach (RequestMode mode in topic)
            {
                writer.WriteStartObject(mode.Group);
                writer.WriteString("consumerGroup"u8, mode.Group);
                writer.WriteString("mode"u8, mode.Name);
                writer.WriteNumber("popShareQueueNum"u8, mode.ShareQueues);
                writer.WriteString("topic"u8, mode.Topic);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
