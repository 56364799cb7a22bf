using System.Text;

namespace ProtoBridgeMQ.Gateway.Cluster.Filters;

/// <summary>Topics of records as strings, without a new one for each record. Bounded: one beyond the limit takes another's place.</summary>
/// <remarks>Thread safe, without locks.</remarks>
internal sealed class RecordTopics
{
    private const int Slots = 4096;

    private readonly Entry?[] _slots = new Entry?[Slots];

    public string Get(ReadOnlySpan<byte> topic)
    {
        var hash = default(HashCode);
        hash.AddBytes(topic);
        ref Entry? slot = ref _slots[(uint)hash.ToHashCode() % Slots];
        Entry? entry = Volatile.Read(ref slot);
        if (entry is null || !topic.SequenceEqual(entry.Utf8))
        {
            entry = new Entry(topic.ToArray(), Encoding.UTF8.GetString(topic));
            Volatile.Write(ref slot, entry);
        }

        return entry.Text;
    }

    private sealed record Entry(byte[] Utf8, string Text);
}
