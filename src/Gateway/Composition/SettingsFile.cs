using System.Text.Json;
using ProtoBridgeMQ.Gateway.Mapping;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Reads gateway.json into keys as configuration knows them: <c>mqttPort</c>, <c>http:maxBodySize</c>.</summary>
internal static class SettingsFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 };

    /// <summary>Reads the file.</summary>
    /// <exception cref="GatewayStartException">It cannot be read, is no JSON object, or names something twice.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Wrong(path, "it must be one JSON object");

            Flatten(path, string.Empty, document.RootElement, values);
        }
        catch (JsonException wrong)
        {
            throw Wrong(path, $"it is no JSON, see line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw Wrong(path, "it cannot be read: " + wrong.Message);
        }

        return values;
    }

    private static void Flatten(string path, string prefix, JsonElement element, Dictionary<string, string> values)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string key = prefix + property.Name;
            // Rules are no settings: who applies them reads them, and reads them again when they change.
            if (key.Equals(RulesFile.Key, StringComparison.OrdinalIgnoreCase))
                continue;
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Object:
                    Flatten(path, key + ConfigurationPath.KeyDelimiter, property.Value, values);
                    break;
                case JsonValueKind.Array or JsonValueKind.Null:
                    throw Wrong(path, $"{Readable(key)} must be a text, a number, true or false");
                default:
                    if (!values.TryAdd(key, property.Value.ToString()))
                        throw Wrong(path, $"{Readable(key)} is there twice");
                    break;
            }
        }
    }

    public static string Readable(string key) => key.Replace(ConfigurationPath.KeyDelimiter, ".", StringComparison.Ordinal);

    private static GatewayStartException Wrong(string path, string what)
        => new(GatewayStartException.WrongUsage, $"{path}: {what}");
}
