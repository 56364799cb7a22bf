using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Offsets;

/// <summary>
/// <c>config/consumerOffset.json</c> as RocketMQ writes it: <c>offsetTable</c>, by <c>topic@group</c>, an object of
/// queue and offset whose keys are bare numbers.
/// </summary>
public static class OffsetFile
{
    /// <summary>Reads a file into a table; false when it is not one.</summary>
    public static bool Parse(ReadOnlySpan<byte> text, OffsetTable table)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document is null || !document.RootElement.TryGet("offsetTable", out _))
        {
            return false;
        }

        foreach (JsonProperty field in document.RootElement.Fields("offsetTable"))
        {
            int at = field.Name.IndexOf('@', StringComparison.Ordinal);
            if (at <= 0 || field.Value.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (JsonProperty queue in field.Value.EnumerateObject())
            {
                if (int.TryParse(queue.Name, CultureInfo.InvariantCulture, out int queueId)
                    && queue.Value.ValueKind == JsonValueKind.Number
                    && queue.Value.TryGetInt64(out long offset))
                {
                    table.Commit(field.Name[(at + 1)..], field.Name[..at], queueId, offset);
                }
            }
        }

        return true;
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, DataVersion version, OffsetTable table)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{{\n\t\"dataVersion\":{{\n\t\t\"counter\":{version.Counter},\n\t\t\"stateVersion\":{version.StateVersion},\n\t\t\"timestamp\":{version.Timestamp}\n\t}},\n\t\"offsetTable\":{{");
        bool first = true;
        foreach (var entry in table.Snapshot())
        {
            // Names of topics and groups have no character that JSON escapes.
            text.Append(first ? "\n\t\t\"" : ",\n\t\t\"").Append(entry.Key.Topic).Append('@').Append(entry.Key.Group).Append("\":{");
            text.AppendJoin(',', entry.OrderBy(static queue => queue.Key).Select(static queue => string.Create(CultureInfo.InvariantCulture, $"{queue.Key}:{queue.Value}")));
            text.Append("\n\t\t}");
            first = false;
        }

        text.Append("\n\t}\n}");
        Encoding.UTF8.GetBytes(text.ToString(), output);
    }
}
