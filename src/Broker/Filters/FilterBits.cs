using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>
/// The bits that Apache RocketMQ gives a group and topic in its Bloom filter, by default of 32 groups with an error of 20 %:
/// three of 112. They are written into the file for a broker that computes bit maps; this one does not.
/// </summary>
/// <param name="Positions">The places of the bits.</param>
internal readonly record struct FilterBits(int[] Positions)
{
    /// <summary>Bits of the filter.</summary>
    public const int Count = 112;

    private const int Hashes = 3;

    /// <summary>The bits of a name, which is <c>group#topic</c>.</summary>
    public static FilterBits Of(string name)
    {
        ulong hash = Murmur3(Encoding.UTF8.GetBytes(name));
        int first = unchecked((int)hash);
        int second = unchecked((int)(hash >> 32));
        int[] positions = new int[Hashes];
        for (int i = 1; i <= Hashes; i++)
        {
            int combined = unchecked(first + (i * second));
            positions[i - 1] = (combined < 0 ? ~combined : combined) % Count;
        }

        return new FilterBits(positions);
    }

    // The first half of MurmurHash3_x64_128 (Austin Appleby, public domain) with seed 0.
    private static ulong Murmur3(ReadOnlySpan<byte> bytes)
    {
        ulong length = (ulong)bytes.Length;
        ulong h1 = 0;
        ulong h2 = 0;
        for (; bytes.Length >= 16; bytes = bytes[16..])
        {
            h1 = (BitOperations.RotateLeft(h1 ^ Mix1(BinaryPrimitives.ReadUInt64LittleEndian(bytes)), 27) + h2) * 5 + 0x52dce729;
            h2 = (BitOperations.RotateLeft(h2 ^ Mix2(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..])), 31) + h1) * 5 + 0x38495ab5;
        }

        Span<byte> tail = stackalloc byte[16];
        bytes.CopyTo(tail);
        h1 ^= Mix1(BinaryPrimitives.ReadUInt64LittleEndian(tail)) ^ length;
        h2 ^= Mix2(BinaryPrimitives.ReadUInt64LittleEndian(tail[8..])) ^ length;
        h1 += h2;
        h2 += h1;
        return Finish(h1) + Finish(h2);
    }

    private static ulong Mix1(ulong block) => BitOperations.RotateLeft(block * 0x87c37b91114253d5, 31) * 0x4cf5ad432745937f;

    private static ulong Mix2(ulong block) => BitOperations.RotateLeft(block * 0x4cf5ad432745937f, 33) * 0x87c37b91114253d5;

    private static ulong Finish(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }
}
