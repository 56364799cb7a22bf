using System.Text;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>
/// MQTT topic name in UTF-8 -&gt; RocketMQ topic as a string, without allocating for names seen before.
/// Bounded: a name beyond the limit takes the place of another one.
/// </summary>
/// <remarks>Thread safe, without locks: a slot holds one immutable entry, and is overwritten whole.</remarks>
public sealed class TopicNameCache
{
    private readonly Entry?[] _slots;

    /// <summary>Makes a cache.</summary>
    /// <param name="capacity">Slots; rounded up to a power of two.</param>
    public TopicNameCache(int capacity = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1 << 24);
        _slots = new Entry?[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];
    }

    /// <summary>The RocketMQ topic of an MQTT topic name.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>, as <see cref="TopicMapping.WriteTopic"/> throws it.</exception>
    public string GetTopic(ReadOnlySpan<byte> name)
    {
        MqttTopicName cut = MqttTopicName.Cut(name);
        if (cut.IsRaw || name.ContainsAny((byte)1, (byte)2))
        {
            // Rare, and what is refused depends on more than the first level.
            return Map(name);
        }

        int slot = TopicMapping.OrderingHash(cut.Head) & (_slots.Length - 1);
        Entry? entry = Volatile.Read(ref _slots[slot]);
        if (entry is not null && cut.Head.SequenceEqual(entry.Level))
        {
            return entry.Topic;
        }

        string topic = Map(name);
        Volatile.Write(ref _slots[slot], new Entry(cut.Head.ToArray(), topic));
        return topic;
    }

    private static string Map(ReadOnlySpan<byte> name)
    {
        Span<byte> topic = stackalloc byte[TopicNames.MaxLength];
        return Encoding.ASCII.GetString(topic[..TopicMapping.WriteTopic(name, topic)]);
    }

    private sealed record Entry(byte[] Level, string Topic);
}
