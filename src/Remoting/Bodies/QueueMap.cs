using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>
/// Values by queue, in the order of the wire. Apache's fastjson writes such a map with objects as keys, which is no JSON,
/// and its clients read nothing else: <c>{{"brokerName":"b","queueId":0,"topic":"t"}:{...}}</c>.
/// </summary>
/// <typeparam name="T">What a queue has.</typeparam>
public abstract class QueueMap<T>
{
    /// <summary>Queues and values.</summary>
    public IList<KeyValuePair<MessageQueueData, T>> Entries { get; } = [];

    /// <summary>Adds a queue.</summary>
    public void Add(MessageQueueData queue, T value) => Entries.Add(KeyValuePair.Create(queue, value));
}

/// <summary>Writes maps by queue as fastjson does; reads them after <see cref="FastjsonRepair"/> made their keys strings.</summary>
internal sealed class QueueMapConverter<TMap, T> : JsonConverter<TMap>
    where TMap : QueueMap<T>, new()
{
    private const int MaxQueues = 1_000_000;

    public override TMap Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("a map by queue is no object");
        var map = new TMap();
        var values = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (map.Entries.Count == MaxQueues)
                throw new JsonException("a map by queue is too long");
            var queue = JsonSerializer.Deserialize(reader.GetString()!, AdminJson.Bodies.MessageQueueData)
                ?? throw new JsonException("a queue is null");
            reader.Read();
            map.Add(queue, JsonSerializer.Deserialize(ref reader, values)!);
        }
        return map;
    }

    public override void Write(Utf8JsonWriter writer, TMap value, JsonSerializerOptions options)
    {
        var text = new ArrayBufferWriter<byte>(1024);
        var values = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        var next = (byte)'{';
        foreach (var (queue, held) in value.Entries)
        {
            text.Write([next]);
            text.Write(JsonSerializer.SerializeToUtf8Bytes(queue, AdminJson.Bodies.MessageQueueData));
            text.Write(":"u8);
            text.Write(JsonSerializer.SerializeToUtf8Bytes(held, values));
            next = (byte)',';
        }
        if (value.Entries.Count == 0)
            text.Write("{"u8);
        text.Write("}"u8);
        writer.WriteRawValue(text.WrittenSpan, skipInputValidation: true);
    }
}
