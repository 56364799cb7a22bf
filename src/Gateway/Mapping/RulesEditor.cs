using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping.Rules;

namespace ProtoBridgeMQ.Gateway.Mapping;

/// <summary>Writes mapping rules into gateway.json: beside it first, flushed, then in its place.</summary>
internal sealed class RulesEditor(string? file, NameMapping mapping, MappingMetrics metrics, ILogger<RulesEditor> logger) : IMappingEditor, IDisposable
{
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 };

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <inheritdoc/>
    public async ValueTask ReplaceAsync(IReadOnlyList<MappingRule> rules)
    {
        if (file is null)
            throw new BridgeException(BridgeError.Unsupported, "The gateway was started without a settings file: there is nowhere to keep rules.");

        IReadOnlyList<string> wrong = RuleSet.TryRead(rules, out RuleSet? set);
        if (set is null)
            throw new BridgeException(BridgeError.InvalidArgument, string.Join("; ", wrong));

        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            string path = Path.GetFullPath(file);
            byte[] text = Put(await File.ReadAllBytesAsync(path).ConfigureAwait(false), Write(rules));
            await ReplaceFileAsync(path, text).ConfigureAwait(false);
            await mapping.ChangeAsync(set).ConfigureAwait(false);
            metrics.Loaded();
            MappingLog.Loaded(logger, file, set.Count);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new BridgeException(BridgeError.ReadOnly, $"The settings file cannot be written: {failure.Message}", innerException: failure);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    /// <summary>The text of a settings file with another mapping object; all else stays byte for byte.</summary>
    /// <exception cref="BridgeException">It is no JSON object.</exception>
    internal static byte[] Put(byte[] settings, ReadOnlySpan<byte> section)
    {
        try
        {
            (int start, int end, bool isThere, bool isFirst) = Find(settings);
            byte[] member = isThere ? section.ToArray() : [.. isFirst ? "\n  "u8 : ",\n  "u8, .. "\"mapping\": "u8, .. section, .. "\n"u8];
            return [.. settings.AsSpan(0, start), .. member, .. settings.AsSpan(end)];
        }
        catch (JsonException wrong)
        {
            throw new BridgeException(BridgeError.ReadOnly, $"The settings file is no JSON, see line {wrong.LineNumber + 1}: it is not changed.", innerException: wrong);
        }
    }

    /// <summary>Where the value of the mapping is; or behind the last member, where one can be put.</summary>
    private static (int Start, int End, bool IsThere, bool IsFirst) Find(byte[] settings)
    {
        int mark = settings.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? 3 : 0;
        var reader = new Utf8JsonReader(settings.AsSpan(mark), Lenient);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("It must be one JSON object.");

        int last = mark + (int)reader.BytesConsumed;
        bool isFirst = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMapping = reader.GetString()!.Equals(RulesFile.Key, StringComparison.OrdinalIgnoreCase);
            reader.Read();
            int start = mark + (int)reader.TokenStartIndex;
            reader.Skip();
            last = mark + (int)reader.BytesConsumed;
            isFirst = false;
            if (isMapping)
                return (start, last, true, false);
        }

        // A comma that follows the last member already may stay: one in front of the end is allowed, and two are not.
        return (last, last, false, isFirst);
    }

    private static byte[] Write(IReadOnlyList<MappingRule> rules)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Indented))
        {
            json.WriteStartObject();
            json.WriteStartArray("rules"u8);
            foreach (MappingRule rule in rules)
            {
                json.WriteStartObject();
                if (rule.Name.Length > 0)
                    json.WriteString("name"u8, rule.Name);
                json.WriteString("mqtt"u8, rule.Mqtt);
                json.WriteString("topic"u8, rule.Topic);
                if (!string.IsNullOrEmpty(rule.Tag))
                    json.WriteString("tag"u8, rule.Tag);
                if (!string.IsNullOrEmpty(rule.Key))
                    json.WriteString("key"u8, rule.Key);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(output.WrittenSpan).Replace("\n", "\n  ", StringComparison.Ordinal));
    }

    private static async ValueTask ReplaceFileAsync(string path, byte[] text)
    {
        string beside = path + ".new";
        await using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(path));
            await stream.WriteAsync(text).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }
}
