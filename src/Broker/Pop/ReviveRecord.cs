using System.Buffers;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>What a record of the revive topic says.</summary>
public enum ReviveRecordKind
{
    /// <summary>Messages were popped (<c>ck</c>).</summary>
    Checkpoint,

    /// <summary>One is settled (<c>ack</c>).</summary>
    Ack,

    /// <summary>Several of one checkpoint are settled (<c>bAck</c>).</summary>
    BatchAck,

    /// <summary>The group was set to another offset (<c>reset</c>): this broker's own; others pass over it.</summary>
    Reset,
}

/// <summary>
/// A record of the revive topic: its tag says the kind, its body is JSON with RocketMQ's short names.
/// <code>
///  ck    {"bm":bits,"bn":broker,"c":group,"d":[distances],"it":invisible,"n":count,"pt":pop time,"q":queue,"ro":0,"so":start,"t":topic}
///  ack   {"ao":offset,"bn":broker,"c":group,"pt":pop time,"q":queue,"so":start,"t":topic}
///  bAck  the same with "aol":[offsets]
/// </code>
/// </summary>
public sealed record ReviveRecord
{
    /// <summary>The kind.</summary>
    public required ReviveRecordKind Kind { get; init; }

    /// <summary>The topic that the messages are in.</summary>
    public required string Topic { get; init; }

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The queue.</summary>
    public int QueueId { get; init; }

    /// <summary>Where the read began; of a reset, where the group goes on.</summary>
    public long StartOffset { get; init; }

    /// <summary>When it was popped.</summary>
    public long PopTime { get; init; }

    /// <summary>Of a checkpoint: milliseconds.</summary>
    public long InvisibleTime { get; init; }

    /// <summary>The broker that popped; empty for none.</summary>
    public string BrokerName { get; init; } = string.Empty;

    /// <summary>Of a checkpoint: how many messages.</summary>
    public int Count { get; init; }

    /// <summary>Of a checkpoint: which are settled.</summary>
    public uint Settled { get; init; }

    /// <summary>Of a checkpoint: the distances from the start; of acknowledgements: the offsets.</summary>
    public IReadOnlyList<long> Numbers { get; init; } = [];

    /// <summary>The tag of a kind.</summary>
    public static ReadOnlySpan<byte> TagOf(ReviveRecordKind kind) => kind switch
    {
        ReviveRecordKind.Checkpoint => "ck"u8,
        ReviveRecordKind.Ack => "ack"u8,
        ReviveRecordKind.BatchAck => "bAck"u8,
        _ => "reset"u8,
    };

    /// <summary>The kind of a tag; null for others.</summary>
    public static ReviveRecordKind? KindOf(ReadOnlySpan<byte> tag) =>
        tag.SequenceEqual("ck"u8) ? ReviveRecordKind.Checkpoint
            : tag.SequenceEqual("ack"u8) ? ReviveRecordKind.Ack
            : tag.SequenceEqual("bAck"u8) ? ReviveRecordKind.BatchAck
            : tag.SequenceEqual("reset"u8) ? ReviveRecordKind.Reset
            : null;

    /// <summary>Reads a body; null when it is none.</summary>
    public static ReviveRecord? Parse(ReviveRecordKind kind, ReadOnlySpan<byte> body)
    {
        using JsonDocument? document = TableJson.Parse(body);
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        JsonElement root = document.RootElement;
        string? topic = Text(root, "t", "topic");
        string? group = Text(root, "c", "consumerGroup") ?? Text(root, "cId", "cid");
        if (string.IsNullOrEmpty(topic) || string.IsNullOrEmpty(group))
        {
            return null;
        }

        List<long> numbers = kind switch
        {
            ReviveRecordKind.Checkpoint => Numbers0(root, "d", "queueOffsetDiff"),
            ReviveRecordKind.Ack => [Number(root, "ao", "ackOffset")],
            _ => Numbers0(root, "aol", "ackOffsetList"),
        };
        return new ReviveRecord
        {
            Kind = kind,
            Topic = topic,
            Group = group,
            QueueId = (int)Math.Clamp(Number(root, "q", "queueId"), -1, int.MaxValue),
            StartOffset = Number(root, "so", "startOffset"),
            PopTime = Number(root, "pt", "popTime"),
            InvisibleTime = Number(root, "it", "invisibleTime"),
            BrokerName = Text(root, "bn", "brokerName") ?? string.Empty,
            Count = (int)Math.Clamp(Number(root, "n", "num"), 0, 127),
            Settled = (uint)Number(root, "bm", "bitMap"),
            Numbers = numbers,
        };
    }

    /// <summary>Writes the body.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        switch (Kind)
        {
            case ReviveRecordKind.Ack:
                writer.WriteNumber("ao"u8, Numbers[0]);
                break;
            case ReviveRecordKind.BatchAck:
                writer.WriteNumber("ao"u8, -1);
                WriteNumbers(writer, "aol"u8);
                break;
            case ReviveRecordKind.Checkpoint:
                writer.WriteNumber("bm"u8, (int)Settled);
                break;
        }

        writer.WriteString("bn"u8, BrokerName);
        writer.WriteString("c"u8, Group);
        if (Kind == ReviveRecordKind.Checkpoint)
        {
            WriteNumbers(writer, "d"u8);
            writer.WriteNumber("it"u8, InvisibleTime);
            writer.WriteNumber("n"u8, Count);
        }

        writer.WriteNumber("pt"u8, PopTime);
        writer.WriteNumber("q"u8, QueueId);
        if (Kind == ReviveRecordKind.Checkpoint)
        {
            writer.WriteNumber("ro"u8, 0);
        }

        writer.WriteNumber("so"u8, StartOffset);
        writer.WriteString("t"u8, Topic);
        writer.WriteEndObject();
    }

    /// <summary>The unique key that RocketMQ gives such a record.</summary>
    public string UniqueKey()
    {
        string tag = Encoding.ASCII.GetString(TagOf(Kind));
        string offset = Kind switch
        {
            ReviveRecordKind.Ack => Numbers[0].ToString(System.Globalization.CultureInfo.InvariantCulture),
            ReviveRecordKind.BatchAck => "-1",
            _ => StartOffset.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Topic}@{QueueId}@{offset}@{Group}@{PopTime}@{BrokerName}@{(Kind == ReviveRecordKind.BatchAck ? "ack" : tag)}");
    }

    private static string? Text(JsonElement root, string name, string other) =>
        root.TryGet(name, out JsonElement value) || root.TryGet(other, out value) ? value.ValueKind == JsonValueKind.String ? value.GetString() : null : null;

    private static long Number(JsonElement root, string name, string other) => root.Long(name, root.Long(other, 0));

    private static List<long> Numbers0(JsonElement root, string name, string other)
    {
        var numbers = new List<long>();
        if ((root.TryGet(name, out JsonElement list) || root.TryGet(other, out list)) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in list.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number))
                {
                    numbers.Add(number);
                }
            }
        }

        return numbers;
    }

    private void WriteNumbers(Utf8JsonWriter writer, ReadOnlySpan<byte> name)
    {
        writer.WriteStartArray(name);
        foreach (long number in Numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
