using System.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>How bodies are shown.</summary>
internal enum BodyForm
{
    None,
    Text,
    Hex,
}

/// <summary>What of a directory is shown.</summary>
internal sealed record DumpRequest
{
    public bool Records { get; set; }

    public bool Queues { get; init; }

    public bool Index { get; init; }

    public bool Checkpoint { get; init; }

    public bool Config { get; init; }

    public string? Topic { get; init; }

    public int? Queue { get; init; }

    public long From { get; init; }

    public long To { get; init; } = long.MaxValue;

    public string? Key { get; init; }

    public long Limit { get; init; } = long.MaxValue;

    public BodyForm Body { get; init; }

    /// <summary>Only some records are wanted: what is between them is not shown.</summary>
    public bool IsFiltered => Topic is not null || Queue is not null || Key is not null;

    public bool Wants(in MessageRecord record) =>
        (Queue is null || record.QueueId == Queue)
        && (Topic is null || record.TopicString == Topic)
        && (Key is null || HasKey(record));

    public bool Wants(string topic, int queueId) => (Topic is null || topic == Topic) && (Queue is null || queueId == Queue);

    private bool HasKey(in MessageRecord record)
    {
        byte[] key = Encoding.UTF8.GetBytes(Key!);
        if (PropertyText.TryGet(record.Properties, SystemProperties.UniqueKey, out ReadOnlySpan<byte> unique) && unique.SequenceEqual(key))
        {
            return true;
        }

        if (!PropertyText.TryGet(record.Properties, SystemProperties.Keys, out ReadOnlySpan<byte> keys))
        {
            return false;
        }

        foreach (Range one in keys.Split((byte)' '))
        {
            if (keys[one].SequenceEqual(key))
            {
                return true;
            }
        }

        return false;
    }
}
