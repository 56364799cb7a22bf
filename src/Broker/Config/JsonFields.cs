using System.Text.Json;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>Fields of a JSON object that may be missing or of another type: then the default holds.</summary>
public static class JsonFields
{
    /// <summary>A whole number.</summary>
    public static int Int(this JsonElement element, string name, int absent) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : absent;

    /// <summary>A large whole number.</summary>
    public static long Long(this JsonElement element, string name, long absent) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : absent;

    /// <summary>A truth value.</summary>
    public static bool Bool(this JsonElement element, string name, bool absent) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : absent;

    /// <summary>A text.</summary>
    public static string? Text(this JsonElement element, string name) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The elements of an array; none when it is missing.</summary>
    public static IEnumerable<JsonElement> Elements(this JsonElement element, string name) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    /// <summary>The fields of an object; none when it is missing.</summary>
    public static IEnumerable<JsonProperty> Fields(this JsonElement element, string name) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : [];

    /// <summary>A field of an object; false when it is missing or null.</summary>
    public static bool TryGet(this JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object
            && element.TryGetProperty(name, out value)
            && value.ValueKind != JsonValueKind.Null;
    }
}
