using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// The CRC of a whole record, its last property. It covers everything before it: size, offsets, times, topic, properties.
/// <code>
///  | "__CRC32#" 8 | 01 | ten digits, the lowest first 10 | 02 |     20 bytes, the end of the record
/// </code>
/// Apache RocketMQ 5.3 writes the same with <c>enabledAppendPropCRC</c> and checks it with <c>forceVerifyPropCRC</c>.
/// It belongs to the stored record, not to the message: a message that is stored again gets another one.
/// </summary>
public static class RecordCrc
{
    /// <summary>Bytes at the end of the record.</summary>
    public const int Size = 8 + 1 + Digits + 1;

    private const int Digits = 10;
    private const int DigitsAt = 9;

    /// <summary>Eight digits 0.</summary>
    private const ulong ZeroDigits = 0x3030_3030_3030_3030;

    /// <summary>Bits of the fixed bytes that may have changed: enough for damage, far from any other text.</summary>
    private const int MostChangedBits = 8;

    /// <summary>Zeros where a CRC ends: a text may have one, a sector that never reached the disk leaves more.</summary>
    private const int FewestLostBytes = 2;

    /// <summary>The property's name.</summary>
    public static ReadOnlySpan<byte> Name => "__CRC32#"u8;

    /// <summary>
    /// Whether bytes end in a record CRC, or in one that was damaged: a changed bit, or a sector that was lost, must not make
    /// a record look like one that never had a CRC.
    /// </summary>
    public static bool Ends(ReadOnlySpan<byte> text)
    {
        if (text.Length < Size)
            return false;
        var tail = text[^Size..];
        var name = BinaryPrimitives.ReadUInt64LittleEndian(tail) ^ BinaryPrimitives.ReadUInt64LittleEndian(Name);
        var separators = (tail[8] ^ PropertyText.NameValueSeparator) | ((tail[^1] ^ PropertyText.PropertySeparator) << 8);
        return ((long)name | (uint)separators) == 0
            || BitOperations.PopCount(name) + BitOperations.PopCount((uint)separators) <= MostChangedBits
            || tail.Count((byte)0) >= FewestLostBytes;
    }

    /// <summary>Writes the CRC of what is before <paramref name="tail"/>.</summary>
    public static void Write(Span<byte> tail, uint crc)
    {
        Name.CopyTo(tail);
        tail[8] = PropertyText.NameValueSeparator;
        var (high, low) = Math.DivRem(crc & 0x7FFFFFFF, 100_000_000);
        BinaryPrimitives.WriteUInt64LittleEndian(tail[DigitsAt..], EightDigits(low));
        tail[DigitsAt + 8] = (byte)('0' + (high % 10));
        tail[DigitsAt + 9] = (byte)('0' + (high / 10));
        tail[Size - 1] = PropertyText.PropertySeparator;
    }

    /// <summary>
    /// Whether a record ends in the CRC that its bytes make. False for one that has none: nothing is computed for it. The
    /// digits are made into a number and not the other way round: the processor does that while it waits for the CRC.
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> record) =>
        record.Length >= Size && TryReadNumber(record[^Size..], out var number) && number == (Crc32.Compute(record[..^Size]) & 0x7FFFFFFF);

    /// <summary>
    /// Whether one flipped bit is all that keeps a record from having its CRC, and which: from bit 0 of the first byte on,
    /// or -1 when it is in the CRC itself. No lost sector does that.
    /// </summary>
    public static bool TryFindFlippedBit(ReadOnlySpan<byte> record, out long bit)
    {
        bit = -1;
        if (!Ends(record))
            return false;
        Span<byte> expected = stackalloc byte[Size];
        var crc = Crc32.Compute(record[..^Size]);
        Write(expected, crc);
        var tail = record[^Size..];
        var changed = 0;
        for (var i = 0; i < Size; i++)
            changed += BitOperations.PopCount((uint)(tail[i] ^ expected[i]));
        if (changed == 1)
            return true;
        var stored = 0L;
        for (var i = DigitsAt + Digits - 1; i >= DigitsAt; i--)
            stored = (stored * 10) + (tail[i] - '0');
        if (!tail[..DigitsAt].SequenceEqual(expected[..DigitsAt]) || stored is < 0 or > int.MaxValue)
            return false;
        bit = Crc32.FindFlippedBit((uint)stored ^ crc, 0x7FFFFFFF, record.Length - Size);
        return bit >= 0;
    }

    /// <summary>Whether a property text has a record CRC among its properties: one that a message brought along.</summary>
    internal static bool IsIn(ReadOnlySpan<byte> text) => text.IndexOf(Name) >= 0;

    /// <summary>Copies a property text without record CRCs, each property with its separator; returns the bytes that are left. An empty destination only counts.</summary>
    internal static int CopyWithout(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        var kept = 0;
        while (!text.IsEmpty)
        {
            var end = text.IndexOf(PropertyText.PropertySeparator);
            var piece = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (piece.StartsWith(Name) && piece.Length > Name.Length && piece[Name.Length] == PropertyText.NameValueSeparator)
                continue;
            if (!destination.IsEmpty)
            {
                piece.CopyTo(destination[kept..]);
                destination[kept + piece.Length] = PropertyText.PropertySeparator;
            }

            kept += piece.Length + 1;
        }

        return kept;
    }

    /// <summary>
    /// The eight digits of a number, the lowest in the lowest byte: split into halves side by side, three times over.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong EightDigits(uint value)
    {
        ulong fours = value;
        fours = (fours % 10_000) | ((fours / 10_000) << 32);
        var hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
        var pairs = (fours - (hundreds * 100)) | (hundreds << 16);
        var tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
        return (pairs - (tens * 10)) | (tens << 8) | ZeroDigits;
    }

    /// <summary>
    /// The number in the last bytes of a record; false when they are no CRC. Sixteen bytes are looked at together, as they
    /// differ from the same with ten zeros: <c>RC32#</c>, 01, the digits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadNumber(ReadOnlySpan<byte> tail, out ulong number)
    {
        var digits = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(tail), 3) ^ Vector128.Create("RC32#\u00010000000000"u8);
        var most = Vector128.Create(0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9).AsByte();
        number = 0;
        if (!Vector128.LessThanOrEqualAll(digits, most)
            || BinaryPrimitives.ReadUInt32LittleEndian(tail) != BinaryPrimitives.ReadUInt32LittleEndian(Name)
            || tail[Size - 1] != PropertyText.PropertySeparator)
        {
            return false;
        }

        var low = BinaryPrimitives.ReadUInt64LittleEndian(tail[DigitsAt..]) ^ ZeroDigits;
        number = NumberOf(low) + ((tail[DigitsAt + 8] - (ulong)'0') * 100_000_000) + ((tail[DigitsAt + 9] - (ulong)'0') * 1_000_000_000);
        return true;
    }

    /// <summary>The number of eight digits, the lowest in the lowest byte: joined side by side, three times over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NumberOf(ulong digits)
    {
        var pairs = (digits & 0x00FF_00FF_00FF_00FF) + (((digits >> 8) & 0x00FF_00FF_00FF_00FF) * 10);
        var fours = (pairs & 0x0000_FFFF_0000_FFFF) + (((pairs >> 16) & 0x0000_FFFF_0000_FFFF) * 100);
        return (uint)fours + ((uint)(fours >> 32) * 10_000);
    }
}
