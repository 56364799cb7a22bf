using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ProtoBridgeMQ.Client.Serialization;

/// <summary>JSON by a source-generated context.</summary>
internal sealed class JsonSerializerOf<T>(JsonTypeInfo<T> type) : IMessageSerializer<T>
{
    public string ContentType => "application/json";

    public void Write(T value, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output);
        JsonSerializer.Serialize(json, value, type);
    }

    public T Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw new FormatException($"The body is null, and no {typeof(T).Name}.");
        }
        catch (JsonException error)
        {
            throw new FormatException($"The body is no {typeof(T).Name}: {error.Message}", error);
        }
    }
}
