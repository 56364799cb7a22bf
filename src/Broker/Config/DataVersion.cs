using System.Text.Json;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>Which state of a table this is: name servers compare it to see whether anything changed.</summary>
/// <param name="StateVersion">Version of the state machine.</param>
/// <param name="Timestamp">When it changed last, in Unix milliseconds.</param>
/// <param name="Counter">How often it changed.</param>
public sealed record DataVersion(long StateVersion, long Timestamp, long Counter)
{
    /// <summary>The version after a change.</summary>
    public DataVersion Next(TimeProvider time) =>
        this with { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds(), Counter = Counter + 1 };

    /// <summary>Reads the field <c>dataVersion</c> of a file.</summary>
    public static DataVersion Read(JsonElement root) =>
        root.TryGet("dataVersion", out JsonElement version)
            ? new DataVersion(version.Long("stateVersion", 0), version.Long("timestamp", 0), version.Long("counter", 0))
            : new DataVersion(0, 0, 0);

    /// <summary>Reads the field <c>dataVersion</c> of the text of a file.</summary>
    public static DataVersion OfFile(ReadOnlySpan<byte> text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        return document is null ? new DataVersion(0, 0, 0) : Read(document.RootElement);
    }

    /// <summary>Writes the field <c>dataVersion</c>.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("dataVersion"u8);
        writer.WriteNumber("counter"u8, Counter);
        writer.WriteNumber("stateVersion"u8, StateVersion);
        writer.WriteNumber("timestamp"u8, Timestamp);
        writer.WriteEndObject();
    }
}
