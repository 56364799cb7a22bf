using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Messages to publish as JSON: one object, or an array of them.
/// <code>
/// { "body": "21.5", "bodyEncoding": "utf-8" | "base64", "tag": "kitchen/temp", "key": "k1" | "keys": ["k1", "k2"],
///   "properties": { "unit": "C" }, "contentType": "text/plain", "delay": "5s", "at": "2030-01-31T08:00:00Z",
///   "expires": "1h", "orderingKey": "kitchen" }
/// </code>
/// Bodies are decoded into one pooled array, properties into one property text; the messages are views of both.
/// Members that nobody knows are refused: a misspelt one would be lost silently.
/// </summary>
/// <remarks>The views are valid until it is disposed.</remarks>
internal sealed class JsonMessages : IMessagesToPublish
{
    private readonly List<Item> _items = [];
    private readonly byte[] _bodies;
    private readonly TimeProvider _clock;
    private int _bodiesUsed;
    private PropertyTextWriter _properties;

    private JsonMessages(int jsonLength, TimeProvider clock)
    {
        _bodies = ArrayPool<byte>.Shared.Rent(Math.Max(1, jsonLength));
        _clock = clock;
    }

    /// <summary>Whether it was an array.</summary>
    public bool IsBatch { get; private set; }

    public int Count => _items.Count;

    /// <summary>Reads them all.</summary>
    /// <exception cref="RefusalException">Malformed, of another shape, or more than <paramref name="maxBatch"/>.</exception>
    public static JsonMessages Parse(ReadOnlySpan<byte> json, int maxBatch, TimeProvider clock)
    {
        var messages = new JsonMessages(json.Length, clock);
        try
        {
            messages.Read(json, maxBatch);
            return messages;
        }
        catch (JsonException wrong)
        {
            messages.Dispose();
            throw JsonMembers.Malformed(wrong);
        }
        catch
        {
            messages.Dispose();
            throw;
        }
    }

    /// <summary>One message, as the bridge takes it.</summary>
    public PublishMessage Get(int index, string topic, IPEndPoint? bornHost)
    {
        Item item = _items[index];
        var properties = new MessageProperties(_properties.Written.Text[item.PropertiesStart..item.PropertiesEnd]);
        return new PublishMessage(topic, _bodies.AsMemory(item.BodyStart, item.BodyLength), properties)
        {
            Retain = MessageFields.TryReadRetain(properties, out bool retain) && retain,
            Delay = item.Delay,
            IsRecallable = item.Delay > TimeSpan.Zero,
            OrderingHash = item.OrderingHash,
            BornHost = bornHost,
        };
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bodies);
        _properties.Dispose();
    }

    private void Read(ReadOnlySpan<byte> json, int maxBatch)
    {
        var reader = new Utf8JsonReader(json, JsonText.Reading);
        reader.Read();
        IsBatch = reader.TokenType == JsonTokenType.StartArray;
        if (!IsBatch)
        {
            ReadMessage(ref reader, "the message");
        }
        else
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (_items.Count == maxBatch)
                    throw RefusalException.Invalid($"A batch may have {maxBatch} messages.");

                ReadMessage(ref reader, $"message {_items.Count}");
            }

            if (_items.Count == 0)
                throw RefusalException.Invalid("The batch is empty.");
        }

        if (reader.Read())
            throw RefusalException.Json("Something follows the JSON.");
    }

    private void ReadMessage(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw RefusalException.Json($"Of {where} an object was expected.");

        var item = new Item { BodyStart = _bodiesUsed, PropertiesStart = _properties.Length };
        var seen = new JsonMembers(where);
        var times = new PublishTimes(_clock);
        bool base64 = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = seen.Next(ref reader);
            switch (name)
            {
                case "body":
                    item.BodyLength = JsonMembers.CopyText(ref reader, _bodies.AsSpan(item.BodyStart), where, name);
                    break;
                case "bodyEncoding":
                    base64 = ReadEncoding(ref reader, where);
                    break;
                case "delay" or "at" or "expires":
                    times.TryRead(name, where + ": ", JsonMembers.Text(ref reader, where, name), ref _properties);
                    break;
                case "orderingKey":
                    item.OrderingHash = TopicMapping.OrderingHash(Scratch(ref reader, item, where, name));
                    break;
                default:
                    ReadProperty(ref reader, item, where, name);
                    break;
            }
        }

        if (!seen.Has("body"))
            throw RefusalException.Json($"Of {where} the body is missing.");

        if (base64)
            item.BodyLength = FromBase64(item, where);

        item.Delay = times.Delay;
        item.PropertiesEnd = _properties.Length;
        _bodiesUsed += item.BodyLength;
        _items.Add(item);
    }

    private void ReadProperty(ref Utf8JsonReader reader, Item item, string where, string name)
    {
        switch (name)
        {
            case "tag":
                WriteUnlessEmpty(PropertyNames.Tags, Scratch(ref reader, item, where, name));
                break;
            case "key":
                WriteUnlessEmpty(PropertyNames.Keys, Scratch(ref reader, item, where, name));
                break;
            case "keys":
                ReadKeys(ref reader, where);
                break;
            case "contentType":
                MessageFields.WriteContentType(Scratch(ref reader, item, where, name), ref _properties);
                break;
            case "properties":
                ReadUserProperties(ref reader, where);
                break;
            default:
                throw RefusalException.Json($"Of {where} the member '{name}' is unknown.");
        }
    }

    private void WriteUnlessEmpty(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
            _properties.Write(name, value);
    }

    private void ReadKeys(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw RefusalException.Json($"Of {where} keys must be an array of texts.");

        List<string> keys = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            string key = JsonMembers.Text(ref reader, where, "keys");
            if (key.Length == 0 || key.Contains(' ', StringComparison.Ordinal))
                throw RefusalException.Invalid($"Of {where} a key is empty or has a space, which separates keys.");

            keys.Add(key);
        }

        if (keys.Count > 0)
            _properties.Write(PropertyNames.Keys, string.Join(' ', keys));
    }

    private void ReadUserProperties(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw RefusalException.Json($"Of {where} properties must be an object of texts.");

        var seen = new JsonMembers(where + ": properties");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = seen.Next(ref reader);
            PropertyNaming.Write(name, JsonMembers.Text(ref reader, where, "properties." + name), ref _properties);
        }
    }

    /// <summary>A text in the room behind the body: used before the next body comes there.</summary>
    private ReadOnlySpan<byte> Scratch(ref Utf8JsonReader reader, in Item item, string where, string name)
    {
        Span<byte> room = _bodies.AsSpan(item.BodyStart + item.BodyLength);
        return room[..JsonMembers.CopyText(ref reader, room, where, name)];
    }

    private static bool ReadEncoding(ref Utf8JsonReader reader, string where)
        => JsonMembers.Text(ref reader, where, "bodyEncoding") switch
        {
            "utf-8" => false,
            "base64" => true,
            _ => throw RefusalException.Invalid($"Of {where} bodyEncoding must be utf-8 or base64."),
        };

    private int FromBase64(in Item item, string where)
        => Base64.DecodeFromUtf8InPlace(_bodies.AsSpan(item.BodyStart, item.BodyLength), out int length) == OperationStatus.Done
            ? length
            : throw RefusalException.Invalid($"Of {where} the body is not base64.");

    private struct Item
    {
        public int BodyStart;
        public int BodyLength;
        public int PropertiesStart;
        public int PropertiesEnd;
        public TimeSpan Delay;
        public int? OrderingHash;
    }
}
