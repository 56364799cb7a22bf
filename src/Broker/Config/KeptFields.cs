using System.Text.Json;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>
/// Fields of a JSON object that are not understood, kept word by word: a file that another broker wrote is not made poorer
/// by being written again.
/// </summary>
public sealed class KeptFields : IEquatable<KeptFields>
{
    private readonly List<(string Name, string Json)> _fields = [];

    private KeptFields()
    {
    }

    /// <summary>None.</summary>
    public static KeptFields None { get; } = new();

    /// <summary>The fields of an object but for those that are known.</summary>
    public static KeptFields Of(JsonElement element, Func<string, bool> isKnown)
    {
        KeptFields? kept = null;
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty field in element.EnumerateObject().Where(field => !isKnown(field.Name)))
            {
                (kept ??= new KeptFields())._fields.Add((field.Name, field.Value.GetRawText()));
            }
        }

        return kept ?? None;
    }

    /// <summary>Writes a field as it was; as <paramref name="absent"/> when there was none.</summary>
    public void WriteOr(Utf8JsonWriter writer, string name, string absent)
    {
        int at = _fields.FindIndex(field => field.Name == name);
        writer.WritePropertyName(name);
        writer.WriteRawValue(at < 0 ? absent : _fields[at].Json);
    }

    /// <summary>Writes all but some.</summary>
    public void WriteOthers(Utf8JsonWriter writer, params string[] but)
    {
        foreach ((string name, string json) in _fields.Where(field => !but.Contains(field.Name)))
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json);
        }
    }

    /// <inheritdoc/>
    public bool Equals(KeptFields? other) => other is not null && _fields.SequenceEqual(other._fields);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KeptFields);

    /// <inheritdoc/>
    public override int GetHashCode() => _fields.Count;
}
