using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>
/// <c>config/topics.json</c> as RocketMQ writes it: <c>dataVersion</c> and <c>topicConfigTable</c>, an object by
/// topic. The same object goes to name servers.
/// </summary>
public static class TopicFile
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, IndentCharacter = '\t', IndentSize = 1 };

    /// <summary>Reads a file; null when it is not one.</summary>
    public static SavedTopics? Parse(ReadOnlySpan<byte> text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document is null || !document.RootElement.TryGet("topicConfigTable", out _))
        {
            return null;
        }

        var topics = new List<BrokerTopic>();
        foreach (JsonProperty field in document.RootElement.Fields("topicConfigTable"))
        {
            if (TopicName.Reject(field.Name) is null)
            {
                topics.Add(ReadTopic(field.Name, field.Value));
            }
        }

        return new SavedTopics(DataVersion.Read(document.RootElement), topics);
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, DataVersion version, IEnumerable<BrokerTopic> topics)
    {
        using var writer = new Utf8JsonWriter(output, Indented);
        writer.WriteStartObject();
        version.Write(writer);
        WriteTable(writer, topics);
        writer.WriteEndObject();
    }

    /// <summary>Writes the field <c>topicConfigTable</c>.</summary>
    public static void WriteTable(Utf8JsonWriter writer, IEnumerable<BrokerTopic> topics)
    {
        writer.WriteStartObject("topicConfigTable"u8);
        foreach (BrokerTopic topic in topics)
        {
            writer.WritePropertyName(topic.Name);
            WriteTopic(writer, topic);
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes the object of one topic.</summary>
    public static void WriteTopic(Utf8JsonWriter writer, BrokerTopic topic)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("attributes"u8);
        foreach ((string name, string value) in topic.Attributes.Pairs)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteBoolean("order"u8, topic.Ordered);
        writer.WriteNumber("perm"u8, topic.Permissions);
        writer.WriteNumber("readQueueNums"u8, topic.ReadQueues);
        writer.WriteString("topicFilterType"u8, topic.FilterType);
        writer.WriteString("topicName"u8, topic.Name);
        writer.WriteNumber("topicSysFlag"u8, topic.SystemFlag);
        writer.WriteNumber("writeQueueNums"u8, topic.WriteQueues);
        writer.WriteEndObject();
    }

    /// <summary>Reads the object of one topic.</summary>
    public static BrokerTopic ReadTopic(string name, JsonElement value) => new()
    {
        Name = name,
        ReadQueues = Math.Max(0, value.Int("readQueueNums", 8)),
        WriteQueues = Math.Max(0, value.Int("writeQueueNums", 8)),
        Permissions = value.Int("perm", BrokerTopic.Read | BrokerTopic.Write) & 7,
        FilterType = value.Text("topicFilterType") == "MULTI_TAG" ? "MULTI_TAG" : "SINGLE_TAG",
        SystemFlag = value.Int("topicSysFlag", 0),
        Ordered = value.Bool("order", false),
        Attributes = ReadAttributes(value),
        IsSystem = TopicName.IsSystem(name),
    };

    // Kept as they are, known or not: the file may be of a newer broker.
    private static TopicAttributes ReadAttributes(JsonElement topic)
    {
        TopicAttributes attributes = TopicAttributes.None;
        foreach (JsonProperty field in topic.Fields("attributes"))
        {
            if (field.Value.ValueKind == JsonValueKind.String)
            {
                attributes = attributes.With(field.Name, field.Value.GetString()!);
            }
        }

        return attributes;
    }
}

/// <summary>What the file says.</summary>
/// <param name="Version">Which state it is.</param>
/// <param name="Topics">The topics.</param>
public sealed record SavedTopics(DataVersion Version, IReadOnlyList<BrokerTopic> Topics);
