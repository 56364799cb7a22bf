using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Signs of a write that ended within a record: an error of the disk, or the end of the machine, leaves the first bytes of
/// what the flusher wrote with one call. Behind them are the zeros of before. A CRC ends in a separator, and neither
/// properties nor a topic end in a zero: one that is there was never written over.
/// </summary>
internal static class CutWrite
{
    /// <summary>The last byte of the topic is before the two zeros that say that there are no properties.</summary>
    private const int LengthOfNone = 3;

    /// <summary>Whether the end of a record whose lengths are there is not, and nothing is behind it.</summary>
    public static bool Explains(in MessageRecord record, ReadOnlySpan<byte> behind) =>
        record.Bytes[^(record.HasCrc || !record.Properties.IsEmpty ? 1 : LengthOfNone)] == 0
        && !behind[..Math.Min(behind.Length, sizeof(long))].ContainsAnyExcept((byte)0);

    /// <summary>
    /// Whether just the last byte is not there, which is the same in all records: then all that the record says is, and its
    /// CRC says so. It is put back, for one flipped bit of an acknowledged record leaves the same. False also without room.
    /// </summary>
    public static bool TryPutBack(in MessageRecord record, LogSegment segment)
    {
        if (!record.HasCrc)
            return false;
        var whole = record.Bytes.ToArray();
        whole[^1] = PropertyText.PropertySeparator;
        if (!RecordCrc.Matches(whole))
            return false;
        try
        {
            segment.Write(record.PhysicalOffset + record.Size - 1, whole.AsSpan(^1..));
            return true;
        }
        catch (Files.DiskFullException)
        {
            return false;
        }
    }
}
