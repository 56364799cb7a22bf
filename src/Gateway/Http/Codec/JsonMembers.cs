using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>Walks the members of one JSON object: each at most once, with words for what is wrong.</summary>
/// <param name="where">The object, for messages.</param>
internal readonly struct JsonMembers(string where)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>The name the reader stands on; the reader moves to its value.</summary>
    public string Next(ref Utf8JsonReader reader)
    {
        string name = Read(ref reader, where, "a name");
        if (!_seen.Add(name))
            throw RefusalException.Json($"Of {where} the member '{name}' is there twice.");

        reader.Read();
        return name;
    }

    public bool Has(string name) => _seen.Contains(name);

    /// <summary>The text value the reader stands on.</summary>
    public static string Text(ref Utf8JsonReader reader, string where, string name)
        => reader.TokenType == JsonTokenType.String ? Read(ref reader, where, name) : throw NotText(where, name);

    /// <summary>Copies the text value the reader stands on, as UTF-8, and answers its length.</summary>
    public static int CopyText(ref Utf8JsonReader reader, Span<byte> destination, string where, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw NotText(where, name);

        try
        {
            return reader.CopyString(destination);
        }
        catch (InvalidOperationException)
        {
            throw NoUnicode(where, name);
        }
    }

    /// <summary>What is wrong with JSON that does not parse.</summary>
    public static RefusalException Malformed(JsonException wrong)
        => RefusalException.Json($"Malformed JSON at line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}.");

    private static string Read(ref Utf8JsonReader reader, string where, string name)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NoUnicode(where, name);
        }
    }

    private static RefusalException NotText(string where, string name) => RefusalException.Json($"Of {where} '{name}' must be a text.");

    private static RefusalException NoUnicode(string where, string name) => RefusalException.Json($"Of {where} '{name}' has half a surrogate pair or bytes that are not UTF-8.");
}
