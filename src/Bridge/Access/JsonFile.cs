using System.Text.Json;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>Reads the JSON files of access control: members are known, or refused with their place.</summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 };

    /// <summary>Parses a whole file, which must be one object.</summary>
    public static JsonDocument Parse(string path, ReadOnlyMemory<byte> text)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(text, Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new AccessFileException(path, "it must be one JSON object");
        }
        catch (JsonException wrong)
        {
            throw new AccessFileException(path, $"it is no JSON, see line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}", wrong);
        }
    }

    /// <summary>Refuses members that nobody knows: a misspelt one would be a rule that is not there.</summary>
    public static void Check(string path, string place, JsonElement element, params ReadOnlySpan<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new AccessFileException(path, $"{place} must be an object");
        }

        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                throw new AccessFileException(path, $"{place} has '{member.Name}'; there are {string.Join(", ", known.ToArray())}");
            }
        }
    }

    /// <summary>A text, or null when the member is not there.</summary>
    public static string? Text(string path, string place, JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new AccessFileException(path, $"{place}: {name} must be a text");
    }

    /// <summary>True or false; false when the member is not there.</summary>
    public static bool Flag(string path, string place, JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return false;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new AccessFileException(path, $"{place}: {name} must be true or false");
    }

    /// <summary>A list of texts; empty when the member is not there.</summary>
    public static IReadOnlyList<string> Texts(string path, string place, JsonElement element, string name)
    {
        List<string> texts = [];
        foreach (JsonElement value in Items(path, place, element, name))
        {
            texts.Add(value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw new AccessFileException(path, $"{place}: {name} must be a list of texts that are not empty"));
        }

        return texts;
    }

    /// <summary>The items of a list; none when the member is not there.</summary>
    public static IEnumerable<JsonElement> Items(string path, string place, JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out JsonElement list))
        {
            return [];
        }

        return list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : throw new AccessFileException(path, $"{place}: {name} must be a list");
    }
}
