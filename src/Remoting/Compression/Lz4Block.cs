using System.Buffers;
using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Compression;

/// <summary>
/// Blocks of LZ4: sequences of literals and matches.
/// <code>
///  | token: literals 4 bits, match 4 bits | more of the literals' length | literals | distance 2, little-endian | more of the match's length |
/// </code>
/// A length of 15 goes on in bytes of which each is added, up to one that is not 255. A match has 4 bytes more than its length says. The last
/// sequence has literals alone: at least 5 bytes, and no match begins in the last 12.
/// </summary>
internal static class Lz4Block
{
    private const int ShortestMatch = 4;
    private const int LastLiterals = 5;
    private const int LastMatchBefore = 12;
    private const int LongestDistance = 65_535;
    private const int LongLength = 15;
    private const int HashBits = 14;

    /// <summary>The most bytes that a block of so many may take.</summary>
    public static int MaxPacked(int length) => length + (length / 255) + 16;

    /// <summary>Unpacks a block behind what was unpacked before it.</summary>
    /// <param name="block">The block.</param>
    /// <param name="floor">Where in the output matches may begin: the beginning of the block when blocks stand alone.</param>
    /// <param name="output">Where to.</param>
    /// <returns>False when it is malformed or over the limit.</returns>
    public static bool TryUnpack(ReadOnlySpan<byte> block, int floor, ref UnpackedBytes output)
    {
        var at = 0;
        while (at < block.Length)
        {
            var token = block[at++];
            if (!TryReadLength(block, ref at, token >> 4, out var literals) || literals > block.Length - at)
                return false;
            var room = output.Room(literals);
            if (room.Length < literals)
                return false;
            block.Slice(at, literals).CopyTo(room);
            output.Advance(literals);
            at += literals;
            if (at == block.Length)
                return true;
            if (block.Length - at < 2)
                return false;
            var distance = BinaryPrimitives.ReadUInt16LittleEndian(block[at..]);
            at += 2;
            if (distance == 0 || distance > output.Length - floor)
                return false;
            if (!TryReadLength(block, ref at, token & LongLength, out var match) || !output.Repeat(distance, match + ShortestMatch))
                return false;
        }
        // Ends with a match, or is empty.
        return false;
    }

    /// <summary>Packs a block.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="destination">Has at least <see cref="MaxPacked"/> bytes.</param>
    /// <returns>How many bytes it takes.</returns>
    public static int Pack(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var last = ArrayPool<int>.Shared.Rent(1 << HashBits);
        last.AsSpan().Clear();
        var length = Pack(source, destination, last);
        ArrayPool<int>.Shared.Return(last);
        return length;
    }

    /// <summary>The same, with where four bytes of a hash were last, plus one.</summary>
    private static int Pack(ReadOnlySpan<byte> source, Span<byte> destination, int[] last)
    {
        var end = source.Length - LastMatchBefore;
        int anchor = 0, at = 0, written = 0, misses = 1 << 6;
        while (at < end)
        {
            var four = BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
            ref var place = ref last[(four * 2654435761u) >> (32 - HashBits)];
            var before = place - 1;
            place = at + 1;
            if (before < 0 || at - before > LongestDistance || BinaryPrimitives.ReadUInt32LittleEndian(source[before..]) != four)
            {
                // What does not repeat is passed over faster and faster.
                at += misses++ >> 6;
                continue;
            }
            misses = 1 << 6;
            while (at > anchor && before > 0 && source[at - 1] == source[before - 1])
            {
                at--;
                before--;
            }
            var tail = source[(at + ShortestMatch)..^LastLiterals];
            var length = ShortestMatch + tail.CommonPrefixLength(source[(before + ShortestMatch)..]);
            written += WriteSequence(source[anchor..at], at - before, length, destination[written..]);
            at += length;
            anchor = at;
        }
        return written + WriteSequence(source[anchor..], 0, 0, destination[written..]);
    }

    private static int WriteSequence(ReadOnlySpan<byte> literals, int distance, int match, Span<byte> destination)
    {
        var at = 1;
        var literalLength = literals.Length;
        var matchLength = match - ShortestMatch;
        destination[0] = (byte)((Math.Min(literalLength, LongLength) << 4) | (match == 0 ? 0 : Math.Min(matchLength, LongLength)));
        WriteLength(literalLength, destination, ref at);
        literals.CopyTo(destination[at..]);
        at += literalLength;
        if (match == 0)
            return at;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[at..], (ushort)distance);
        at += 2;
        WriteLength(matchLength, destination, ref at);
        return at;
    }

    private static void WriteLength(int length, Span<byte> destination, ref int at)
    {
        if (length < LongLength)
            return;
        for (length -= LongLength; length >= 255; length -= 255)
            destination[at++] = 255;
        destination[at++] = (byte)length;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> block, ref int at, int start, out int length)
    {
        length = start;
        if (start < LongLength)
            return true;
        byte more;
        do
        {
            if (at == block.Length)
                return false;
            more = block[at++];
            length += more;
        }
        while (more == 255);
        return true;
    }
}
