using System.Buffers;
using System.Globalization;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// <c>config/consumerOrderInfo.json</c> as RocketMQ writes it: <c>table</c>, by <c>topic@group</c>, an object of queue and what was
/// popped from it in order.
/// </summary>
internal static class PopOrderFile
{
    /// <summary>Reads a file; null when it is not one.</summary>
    public static List<SavedOrder>? Parse(ReadOnlySpan<byte> text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var orders = new List<SavedOrder>();
        foreach (JsonProperty field in document.RootElement.Fields("table"))
        {
            int at = field.Name.IndexOf('@', StringComparison.Ordinal);
            if (at <= 0 || field.Value.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (JsonProperty queue in field.Value.EnumerateObject())
            {
                if (int.TryParse(queue.Name, CultureInfo.InvariantCulture, out int queueId) && Read(queue.Value) is { } order)
                {
                    orders.Add(new SavedOrder(field.Name[..at], field.Name[(at + 1)..], queueId, order));
                }
            }
        }

        return orders;
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, IEnumerable<SavedOrder> orders)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteStartObject("table"u8);
        foreach (IGrouping<string, SavedOrder> group in orders.GroupBy(static order => $"{order.Topic}@{order.Group}"))
        {
            writer.WriteStartObject(group.Key);
            foreach (SavedOrder saved in group)
            {
                writer.WriteStartObject(Name(saved.QueueId));
                Write(writer, saved.Order);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static PopOrder? Read(JsonElement value)
    {
        long[] stored = [.. value.Elements("o").Where(static item => item.ValueKind == JsonValueKind.Number).Select(static item => item.GetInt64())];
        if (stored.Length is 0 or > 64)
        {
            return null;
        }

        // The first is an offset, the others are distances from it.
        var order = new PopOrder
        {
            PopTime = value.Long("popTime", 0),
            InvisibleTime = value.Long("i", 0),
            Offsets = [.. stored.Select((number, i) => i == 0 ? number : stored[0] + number)],
            LastPop = value.Long("l", 0),
            Settled = value.Long("cm", 0),
            AttemptId = value.Text("a"),
        };
        foreach (JsonProperty field in value.Fields("ot"))
        {
            if (long.TryParse(field.Name, CultureInfo.InvariantCulture, out long offset) && field.Value.ValueKind == JsonValueKind.Number)
            {
                order.VisibleAt[offset] = field.Value.GetInt64();
            }
        }

        foreach (JsonProperty field in value.Fields("oc"))
        {
            if (long.TryParse(field.Name, CultureInfo.InvariantCulture, out long offset) && field.Value.ValueKind == JsonValueKind.Number)
            {
                order.Given[offset] = field.Value.GetInt32();
            }
        }

        return order;
    }

    private static void Write(Utf8JsonWriter writer, PopOrder order)
    {
        if (order.AttemptId is not null)
        {
            writer.WriteString("a"u8, order.AttemptId);
        }

        writer.WriteNumber("cm"u8, order.Settled);
        writer.WriteNumber("i"u8, order.InvisibleTime);
        writer.WriteNumber("l"u8, order.LastPop);
        writer.WriteStartArray("o"u8);
        for (int i = 0; i < order.Offsets.Length; i++)
        {
            writer.WriteNumberValue(i == 0 ? order.Offsets[0] : order.Offsets[i] - order.Offsets[0]);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("oc"u8);
        foreach ((long offset, int given) in order.Given)
        {
            writer.WriteNumber(Name(offset), given);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("ot"u8);
        foreach ((long offset, long at) in order.VisibleAt)
        {
            writer.WriteNumber(Name(offset), at);
        }

        writer.WriteEndObject();
        writer.WriteNumber("popTime"u8, order.PopTime);
    }

    private static string Name(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What was popped in order from a queue.</summary>
internal sealed record SavedOrder(string Topic, string Group, int QueueId, PopOrder Order);
