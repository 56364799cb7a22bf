using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>The hash of <c>topic#key</c>: Java's <c>String.hashCode</c> without its sign; what has no absolute value is 0.</summary>
internal static class KeyHash
{
    /// <summary>The part of a topic's keys that is common to them.</summary>
    public static int OfTopic(ReadOnlySpan<byte> topic) => TagHash.Continue(TagHash.Continue(0, topic), "#"u8);

    /// <summary>The hash of a key of that topic, both in UTF-8.</summary>
    public static int Of(int topicHash, ReadOnlySpan<byte> key)
    {
        var hash = TagHash.Continue(topicHash, key);
        return hash == int.MinValue ? 0 : Math.Abs(hash);
    }
}
