using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Signs of sectors that a power cut kept from the disk: segments are zeros before they are written, so such a sector,
/// or the part of it that was new, reads as zeros. Disks write sectors whole, and pages of several sectors in parts.
/// </summary>
internal static class LostSectors
{
    private const int SectorSize = 512;
    private const int MinimumHead = 8;

    /// <summary>Whether a sector, or the part of one, between two positions of a segment is all zeros.</summary>
    public static bool Between(ReadOnlySpan<byte> segment, int from, int to)
    {
        var at = from;
        while (at < to)
        {
            var end = Math.Min(to, EndOfSector(at));
            if ((at != from || end - at >= MinimumHead) && !segment[at..end].ContainsAnyExcept((byte)0))
                return true;
            at = end;
        }

        return false;
    }

    /// <summary>
    /// Whether a record that begins in the last bytes of a sector lost them with it. The first bytes of a size are zeros
    /// anyway, so fewer than four only count when the record is sound with another size.
    /// </summary>
    public static bool AtHead(ReadOnlySpan<byte> segment, long baseOffset, int from, int to)
    {
        var lost = EndOfSector(from) - from;
        if (lost >= MinimumHead || from + MinimumHead > to || segment.Slice(from, lost).ContainsAnyExcept((byte)0))
            return false;
        if (lost >= sizeof(int))
            return true;
        var known = BinaryPrimitives.ReadInt32BigEndian(segment[from..]);
        var step = 1L << (8 * (sizeof(int) - lost));
        var record = segment[from..to].ToArray();
        for (var size = known + step; size <= record.Length; size += step)
        {
            BinaryPrimitives.WriteInt32BigEndian(record, (int)size);
            if (SoundRecords.IsSound(record, baseOffset + from))
                return true;
        }

        return false;
    }

    /// <summary>
    /// Whether a sector that a record reaches into with its topic and properties is all zeros there: they have no CRC,
    /// and a text does not have so many zeros, nor ends in one.
    /// </summary>
    public static bool AfterBody(in MessageRecord record, int positionInSegment)
    {
        // The length of empty properties is two zeros that mean what they say.
        var end = positionInSegment + record.Size - (record.Properties.IsEmpty ? 2 : 0);
        var at = positionInSegment + record.TopicAt;
        while (at < end)
        {
            var next = Math.Min(end, EndOfSector(at));
            if (!record.Bytes[(at - positionInSegment)..(next - positionInSegment)].ContainsAnyExcept((byte)0))
                return true;
            at = next;
        }

        return false;
    }

    /// <summary>
    /// Whether a changed byte may be a lost sector: all that the record has in its sector is zeros. Where that was one bit,
    /// both look alike.
    /// </summary>
    public static bool Explain(ReadOnlySpan<byte> segment, int from, int to, int changed)
    {
        var sector = changed / SectorSize * SectorSize;
        return !segment[Math.Max(from, sector)..Math.Min(to, sector + SectorSize)].ContainsAnyExcept((byte)0);
    }

    private static int EndOfSector(int at) => (at / SectorSize * SectorSize) + SectorSize;
}
