using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// A record that is what was written but for one bit, wherever it is. No crash does that: what a crash loses is sectors. It
/// tells where the record ends and what it said of its queue; its content is not given to anybody.
/// </summary>
internal static class OneBitDamage
{
    /// <summary>A copy of the record with the bit put back, and the byte it is in; false when one bit does not explain the bytes. For records with a CRC.</summary>
    public static bool TryMend(ReadOnlySpan<byte> bytes, long position, out byte[] mended, out int changed)
    {
        mended = [];
        changed = 0;
        if (bytes.Length < MessageRecord.MinimumSize)
            return false;
        var stored = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (TryMend(bytes, stored, position, out mended, out changed))
            return true;
        for (var bit = 0; bit < 32; bit++)
        {
            if (TryMend(bytes, stored ^ (1 << bit), position, out mended, out changed))
                return true;
        }

        return false;
    }

    private static bool TryMend(ReadOnlySpan<byte> bytes, int size, long position, out byte[] mended, out int changed)
    {
        mended = [];
        changed = 0;
        if (size < MessageRecord.MinimumSize + RecordCrc.Size || size > bytes.Length || !RecordCrc.TryFindFlippedBit(bytes[..size], out var bit))
            return false;
        mended = bytes[..size].ToArray();
        if (bit >= 0)
            mended[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        else
            RecordCrc.Write(mended.AsSpan(size - RecordCrc.Size), Crc32.Compute(mended.AsSpan(0, size - RecordCrc.Size)));
        changed = bytes[..size].CommonPrefixLength(mended);
        return MessageRecord.TryRead(mended, out var record) == RecordError.None && record.Size == size && record.PhysicalOffset == position && record.CrcMatches;
    }
}
