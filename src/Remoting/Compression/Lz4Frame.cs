using System.Buffers;
using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Compression;

/// <summary>
/// Frames of LZ4, as its frame format (1.6) lays them out; all numbers are little-endian.
/// <code>
///  | magic 4 | flags 1 | block size 1 | content size 0 or 8 | header checksum 1 | blocks | 0: 4 | content checksum 0 or 4 |
///  block: | size 4, top bit: not packed | bytes | checksum 0 or 4 |
///  flags: version 2 bits (1), blocks stand alone, block checksums, content size, content checksum, 0, dictionary
/// </code>
/// </summary>
internal static class Lz4Frame
{
    private const uint Magic = 0x184D2204;
    private const uint SkippedMagic = 0x184D2A50;
    private const uint NotPacked = 0x80000000;
    private const int BlocksStandAlone = 0x20;
    private const int BlockChecksums = 0x10;
    private const int ContentSize = 0x08;
    private const int ContentChecksum = 0x04;
    private const int HeaderSize = 7;

    /// <summary>Unpacks frames that stand one behind the other.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Unpack(ReadOnlySpan<byte> packed, int maxSize, out byte[] unpacked)
    {
        unpacked = [];
        var output = new UnpackedBytes(maxSize);
        try
        {
            do
            {
                if (ReadFrame(ref packed, maxSize, ref output) is { } problem)
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

    /// <summary>Packs a body into one frame of blocks that stand alone, as lz4-java does.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> body)
    {
        // The smallest block that holds the body: readers make room for a whole one.
        var kind = 4;
        while (kind < 7 && BlockSize(kind) < body.Length)
            kind++;
        var output = new ArrayBufferWriter<byte>(HeaderSize + Lz4Block.MaxPacked(Math.Min(body.Length, BlockSize(kind))) + 8);
        var header = output.GetSpan(HeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        header[4] = 0x40 | BlocksStandAlone;
        header[5] = (byte)(kind << 4);
        header[6] = HeaderChecksum(header[4..6]);
        output.Advance(HeaderSize);
        while (!body.IsEmpty)
        {
            var block = body[..Math.Min(body.Length, BlockSize(kind))];
            body = body[block.Length..];
            WriteBlock(block, output);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), 0);
        output.Advance(4);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteBlock(ReadOnlySpan<byte> block, ArrayBufferWriter<byte> output)
    {
        var room = output.GetSpan(4 + Lz4Block.MaxPacked(block.Length));
        var length = Lz4Block.Pack(block, room[4..]);
        if (length < block.Length)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(room, (uint)length);
        }
        else
        {
            length = block.Length;
            BinaryPrimitives.WriteUInt32LittleEndian(room, NotPacked | (uint)length);
            block.CopyTo(room[4..]);
        }
        output.Advance(4 + length);
    }

    private static string? ReadFrame(ref ReadOnlySpan<byte> rest, int maxSize, ref UnpackedBytes output)
    {
        if (rest.Length < 8)
            return Problems.CutShort;
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if ((magic & 0xFFFFFFF0) == SkippedMagic)
            return Skip(ref rest);
        if (magic != Magic)
            return "it does not begin as an LZ4 frame";
        var flags = rest[4];
        var kind = (rest[5] >> 4) & 7;
        var described = 2 + ((flags & ContentSize) != 0 ? 8 : 0);
        if (flags >> 6 != 1 || (flags & 3) != 0 || (rest[5] & 0x8F) != 0 || kind < 4)
            return "its LZ4 frame has a version, a dictionary or a block size that is not known";
        if (rest.Length < 4 + described + 1)
            return Problems.CutShort;
        if (rest[4 + described] != HeaderChecksum(rest.Slice(4, described)))
            return "the header of its LZ4 frame does not have the checksum it says";
        long? size = (flags & ContentSize) != 0 ? BinaryPrimitives.ReadInt64LittleEndian(rest[6..]) : null;
        if (size is { } said && (said < 0 || said > maxSize - output.Length))
            return Problems.TooLarge(maxSize);
        rest = rest[(4 + described + 1)..];
        var begin = output.Length;
        if (ReadBlocks(ref rest, flags, BlockSize(kind), ref output) is { } problem)
            return problem;
        if (size is not null && size != output.Length - begin)
            return "its LZ4 frame does not have the size it says";
        return (flags & ContentChecksum) == 0 || TryCheck(ref rest, output.Written[begin..]) ? null : "it does not have the checksum it says";
    }

    private static string? ReadBlocks(ref ReadOnlySpan<byte> rest, int flags, int blockSize, ref UnpackedBytes output)
    {
        var begin = output.Length;
        while (true)
        {
            if (rest.Length < 4)
                return Problems.CutShort;
            var word = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            rest = rest[4..];
            if (word == 0)
                return null;
            var length = word & ~NotPacked;
            if (length > blockSize)
                return "a block of its LZ4 frame is larger than blocks of it may be";
            if (length > rest.Length)
                return Problems.CutShort;
            var block = rest[..(int)length];
            rest = rest[(int)length..];
            var before = output.Length;
            if (!TryTake(block, (word & NotPacked) != 0, (flags & BlocksStandAlone) != 0 ? before : begin, ref output) || output.Length - before > blockSize)
                return "a block of its LZ4 frame is malformed";
            if ((flags & BlockChecksums) != 0 && !TryCheck(ref rest, block))
                return "a block of its LZ4 frame does not have the checksum it says";
        }
    }

    private static bool TryTake(ReadOnlySpan<byte> block, bool isPlain, int floor, ref UnpackedBytes output)
    {
        if (!isPlain)
            return Lz4Block.TryUnpack(block, floor, ref output);
        var room = output.Room(block.Length);
        if (room.Length < block.Length)
            return false;
        block.CopyTo(room);
        output.Advance(block.Length);
        return true;
    }

    private static bool TryCheck(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> checkedBytes)
    {
        if (rest.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(rest) != XxHash32.Of(checkedBytes))
            return false;
        rest = rest[4..];
        return true;
    }

    private static string? Skip(ref ReadOnlySpan<byte> rest)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (length > rest.Length - 8)
            return Problems.CutShort;
        rest = rest[(8 + (int)length)..];
        return null;
    }

    private static byte HeaderChecksum(ReadOnlySpan<byte> described) => (byte)(XxHash32.Of(described) >> 8);

    /// <summary>64 and 256 KiB, 1 and 4 MiB.</summary>
    private static int BlockSize(int kind) => 1 << (8 + (2 * kind));
}
