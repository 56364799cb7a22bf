using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>What a record of a compacted topic says to compaction: which key it is the latest of, and whether it removes it.</summary>
public static class CompactionKey
{
    /// <summary>
    /// Property by which a record removes its key (any value but <c>0</c>), or does not though its body is empty
    /// (<c>0</c>). Without it an empty body removes, as in Apache RocketMQ.
    /// </summary>
    public static ReadOnlySpan<byte> Delete => "__DELETE__"u8;

    /// <summary>The key: the whole of KEYS, as in Apache RocketMQ. False for a record without one, or with blanks only.</summary>
    public static bool TryGet(ReadOnlySpan<byte> properties, out ReadOnlySpan<byte> key) =>
        PropertyText.TryGet(properties, SystemProperties.Keys, out key) && key.ContainsAnyExcept(" \t\r\n"u8);

    /// <summary>Whether the record removes its key.</summary>
    public static bool IsTombstone(in MessageRecord record) =>
        PropertyText.TryGet(record.Properties, Delete, out var mark) ? !mark.SequenceEqual("0"u8) : record.Body.IsEmpty;
}
