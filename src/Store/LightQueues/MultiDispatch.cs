using System.Globalization;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// Apache RocketMQ's multi-dispatch: a record that names light queues in its property <c>INNER_MULTI_DISPATCH</c>,
/// separated by commas, goes to those whose names begin with <c>%LMQ%</c>.
/// </summary>
internal static class MultiDispatch
{
    private const byte Separator = (byte)',';

    private static ReadOnlySpan<byte> NamesProperty => "INNER_MULTI_DISPATCH"u8;

    private static ReadOnlySpan<byte> OffsetsProperty => "INNER_MULTI_QUEUE_OFFSET"u8;

    private static ReadOnlySpan<byte> Prefix => "%LMQ%"u8;

    /// <summary>The names; false for a record that has none, or whose topic is not the sender's own.</summary>
    public static bool TryGetNames(in MessageRecord record, out ReadOnlySpan<byte> names)
    {
        // The property is rare: this look at the bytes is faster than one at each property.
        names = default;
        return record.Properties.IndexOf(NamesProperty) >= 0
            && PropertyText.TryGet(record.Properties, NamesProperty, out names)
            && !names.IsEmpty
            && !record.Topic.StartsWith("%RETRY%"u8)
            && !record.Topic.StartsWith("rmq_sys_"u8)
            && !record.Topic.SequenceEqual("SCHEDULE_TOPIC_XXXX"u8);
    }

    /// <summary>Cuts the first name off; false at the end. Empty for one that makes no light queue.</summary>
    public static bool TryCut(ref ReadOnlySpan<byte> names, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (names.IsEmpty)
            return false;
        var end = names.IndexOf(Separator);
        var piece = end < 0 ? names : names[..end];
        names = end < 0 ? default : names[(end + 1)..];
        if (piece.StartsWith(Prefix) && piece.Length > Prefix.Length && !piece.Contains((byte)'/'))
            name = piece;
        return true;
    }

    /// <summary>The offset that Apache RocketMQ gave the record in the queue at an index of the names; 0 when it gave none.</summary>
    public static long OffsetAt(in MessageRecord record, int index)
    {
        if (!PropertyText.TryGet(record.Properties, OffsetsProperty, out var offsets))
            return 0;
        for (; index > 0; index--)
        {
            var end = offsets.IndexOf(Separator);
            if (end < 0)
                return 0;
            offsets = offsets[(end + 1)..];
        }

        var next = offsets.IndexOf(Separator);
        var isNumber = long.TryParse(next < 0 ? offsets : offsets[..next], NumberStyles.None, CultureInfo.InvariantCulture, out var offset);
        return isNumber && offset < long.MaxValue / 2 ? offset : 0;
    }
}
