using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Signs of pages that a power cut kept from the disk: segments are zeros before they are written, so such a page, or
/// the part of it that was new, reads as zeros.
/// </summary>
internal static class LostPages
{
    private const int PageSize = 4096;
    private const int MinimumHead = 8;

    /// <summary>Whether a page, or the part of one, between two positions of a segment is all zeros.</summary>
    public static bool Between(ReadOnlySpan<byte> segment, int from, int to)
    {
        var at = from;
        while (at < to)
        {
            var end = Math.Min(to, (at / PageSize * PageSize) + PageSize);
            if ((at != from || end - at >= MinimumHead) && !segment[at..end].ContainsAnyExcept((byte)0))
                return true;
            at = end;
        }

        return false;
    }

    /// <summary>
    /// Whether the last page that a record reaches into, beyond its body, is all zeros: topic and properties have no
    /// CRC, and a property text does not end in zeros.
    /// </summary>
    public static bool EndsInOne(in MessageRecord record, long positionInSegment)
    {
        var end = positionInSegment + record.Size;
        var lastPage = (end - 1) / PageSize * PageSize;
        var from = (int)Math.Max(lastPage - positionInSegment, record.TopicAt);
        return from > record.TopicAt
            && from < record.Size
            && !record.Properties.IsEmpty
            && !record.Bytes[from..].ContainsAnyExcept((byte)0);
    }
}
