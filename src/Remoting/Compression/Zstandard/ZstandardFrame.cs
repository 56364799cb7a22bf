using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>
/// Frames of Zstandard (RFC 8878); all numbers are little-endian.
/// <code>
///  | magic 4 | flags 1 | window 0..1 | dictionary 0..4 | content size 0..8 | blocks | checksum 0 or 4 |
///  flags: form of the content size 2 bits, in one piece, 0, 0, checksum, form of the dictionary 2 bits
///  block: | last 1 bit, kind 2 bits, size 21 bits: 3 | bytes |
/// </code>
/// Everything is unpacked into one piece, so a window needs no memory of its own.
/// </summary>
internal static class ZstandardFrame
{
    private const uint Magic = 0xFD2FB528;
    private const uint SkippedMagic = 0x184D2A50;
    private const int OnePiece = 0x20;
    private const int Checksum = 0x04;

    /// <summary>Unpacks frames that stand one behind the other.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Unpack(ReadOnlySpan<byte> packed, int maxSize, out byte[] unpacked)
    {
        unpacked = [];
        var output = new UnpackedBytes(maxSize);
        try
        {
            var block = new Block();
            do
            {
                if (ReadFrame(ref packed, maxSize, block, ref output) is { } problem)
                    return output.IsOverLimit ? Problems.TooLarge(maxSize) : problem;
            }
            while (!packed.IsEmpty);
            unpacked = output.Written.ToArray();
            return null;
        }
        finally
        {
            output.Release();
        }
    }

    private static string? ReadFrame(ref ReadOnlySpan<byte> rest, int maxSize, Block block, ref UnpackedBytes output)
    {
        if (rest.Length < 8)
            return Problems.CutShort;
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if ((magic & 0xFFFFFFF0) == SkippedMagic)
            return Skip(ref rest);
        if (magic != Magic)
            return "it does not begin as a Zstandard frame";
        var flags = rest[4];
        rest = rest[5..];
        if ((flags & 0x08) != 0)
            return "its Zstandard frame has a flag that is not known";
        if (ReadSize(ref rest, flags, out var size) is { } wrong)
            return wrong;
        if (size is < 0 || size > maxSize - output.Length)
            return Problems.TooLarge(maxSize);
        block.Reset();
        var begin = output.Length;
        if (ReadBlocks(ref rest, block, begin, ref output) is { } problem)
            return problem;
        if (size is not null && size != output.Length - begin)
            return "its Zstandard frame does not have the size it says";
        if ((flags & Checksum) == 0)
            return null;
        if (rest.Length < 4)
            return Problems.CutShort;
        var says = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        rest = rest[4..];
        return says == (uint)XxHash64.Of(output.Written[begin..]) ? null : "it does not have the checksum it says";
    }

    private static string? ReadSize(ref ReadOnlySpan<byte> rest, int flags, out long? size)
    {
        size = null;
        var isOnePiece = (flags & OnePiece) != 0;
        var window = isOnePiece ? 0 : 1;
        var dictionary = (flags & 3) == 3 ? 4 : flags & 3;
        var form = flags >> 6;
        var length = form > 0 ? 1 << form : isOnePiece ? 1 : 0;
        if (rest.Length < window + dictionary + length)
            return Problems.CutShort;
        if (rest.Slice(window, dictionary).ContainsAnyExcept((byte)0))
            return "its Zstandard frame needs a dictionary";
        var number = rest.Slice(window + dictionary, length);
        size = length switch
        {
            0 => null,
            1 => number[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(number) + 256,
            4 => BinaryPrimitives.ReadUInt32LittleEndian(number),
            _ => BinaryPrimitives.ReadInt64LittleEndian(number),
        };
        rest = rest[(window + dictionary + length)..];
        return null;
    }

    private static string? ReadBlocks(ref ReadOnlySpan<byte> rest, Block block, int floor, ref UnpackedBytes output)
    {
        while (true)
        {
            if (rest.Length < 3)
                return Problems.CutShort;
            var head = rest[0] | (rest[1] << 8) | (rest[2] << 16);
            rest = rest[3..];
            if (block.Unpack(ref rest, (head >> 1) & 3, head >> 3, floor, ref output) is { } problem)
                return problem;
            if ((head & 1) != 0)
                return null;
        }
    }

    private static string? Skip(ref ReadOnlySpan<byte> rest)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (length > rest.Length - 8)
            return Problems.CutShort;
        rest = rest[(8 + (int)length)..];
        return null;
    }
}
