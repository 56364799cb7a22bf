using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Delay;

/// <summary>
/// <c>config/delayOffset.json</c> as RocketMQ writes it: <c>offsetTable</c>, by delay level, the next offset of the
/// level's queue to deliver. The keys are bare numbers.
/// </summary>
public static class DelayOffsetFile
{
    /// <summary>Reads a file into offsets by level (index 0 is level 1); null when it is not one.</summary>
    public static long[]? Parse(ReadOnlySpan<byte> text, int levels)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document is null || !document.RootElement.TryGet("offsetTable", out _))
        {
            return null;
        }

        long[] offsets = new long[levels];
        foreach (JsonProperty field in document.RootElement.Fields("offsetTable"))
        {
            if (int.TryParse(field.Name, CultureInfo.InvariantCulture, out int level)
                && level >= 1 && level <= levels
                && field.Value.ValueKind == JsonValueKind.Number
                && field.Value.TryGetInt64(out long offset))
            {
                offsets[level - 1] = offset;
            }
        }

        return offsets;
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, DataVersion version, ReadOnlySpan<long> offsets)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{{\n\t\"dataVersion\":{{\n\t\t\"counter\":{version.Counter},\n\t\t\"stateVersion\":{version.StateVersion},\n\t\t\"timestamp\":{version.Timestamp}\n\t}},\n\t\"offsetTable\":{{");
        bool first = true;
        for (int i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] > 0)
            {
                text.Append(first ? string.Empty : ",").Append(CultureInfo.InvariantCulture, $"{i + 1}:{offsets[i]}");
                first = false;
            }
        }

        text.Append("\n\t}\n}");
        Encoding.UTF8.GetBytes(text.ToString(), output);
    }
}
