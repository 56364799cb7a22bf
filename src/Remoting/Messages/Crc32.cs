using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// CRC-32 of IEEE 802.3 (reflected polynomial EDB88320, as zlib and <c>java.util.zip.CRC32</c>), all 32 bits. By carry-less
/// multiplication or the processor's own instruction where it has them, else eight bytes a step by eight tables.
/// </summary>
public static class Crc32
{
    internal const uint Polynomial = 0xEDB88320;

    /// <summary>Below this a loop over tables is as fast.</summary>
    private const int MinimumFold = 16;

    private static readonly uint[] Tables = MakeTables();

    /// <summary>x^(2^k) mod P at index k.</summary>
    private static readonly uint[] Powers = MakePowers();

    /// <summary>Shuffles that move the bytes of a block up (from 0 on) or down (from 16 on), zeros behind them.</summary>
    private static ReadOnlySpan<byte> Moves =>
    [
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    ];

    /// <summary>From n on: a mask of the last n bytes of a block.</summary>
    private static ReadOnlySpan<byte> Ends =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    // Compiled well at once: a start reads what was not flushed before the compiler has seen it often.
    /// <summary>The CRC of bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Compute(ReadOnlySpan<byte> data) =>
        !WideCrc32.IsSupported || data.Length < WideCrc32.Block ? ~Update(uint.MaxValue, data)
        : data.Length < WideCrc32.FewestForFour ? ~Reduce(WideCrc32.FoldEach(data), Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL))
        : ~Reduce(WideCrc32.FoldFour(data), Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL));

    /// <summary>The CRC of what <paramref name="crc"/> is of, followed by more bytes; 0 is the CRC of nothing.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data) => ~Update(~crc, data);

    /// <summary>What <see cref="Combine"/> needs to know of the length of the second part.</summary>
    public static uint Shift(long bytes)
    {
        var shift = 1u << 31;
        for (var k = 3; bytes != 0; bytes >>= 1, k++)
        {
            if ((bytes & 1) != 0)
                shift = Multiply(Powers[k & 31], shift);
        }

        return shift;
    }

    /// <summary>The CRC of two parts, of which one has each; <paramref name="shift"/> is that of the second's length.</summary>
    public static uint Combine(uint first, uint second, uint shift) => Multiply(shift, first) ^ second;

    /// <summary>
    /// Finds the one flipped bit among <paramref name="bytes"/> bytes that makes the difference between two CRCs, by the
    /// bits of <paramref name="mask"/>: its number, from bit 0 of the first byte on; -1 when there is none. Looks at each bit.
    /// </summary>
    public static long FindFlippedBit(uint difference, uint mask, long bytes)
    {
        var syndrome = Polynomial;
        for (var fromEnd = 0L; fromEnd < bytes * 8; fromEnd++)
        {
            if ((syndrome & mask) == (difference & mask))
                return (bytes * 8) - 1 - fromEnd;
            syndrome = (syndrome >> 1) ^ (Polynomial & (0u - (syndrome & 1)));
        }

        return -1;
    }

    private static uint Update(uint crc, ReadOnlySpan<byte> data)
    {
        if (Pclmulqdq.IsSupported && Ssse3.IsSupported && data.Length >= MinimumFold)
            return Fold(crc, data);
        if (Arm.Crc32.Arm64.IsSupported)
        {
            while (data.Length >= 8)
            {
                crc = Arm.Crc32.Arm64.ComputeCrc32(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
                data = data[8..];
            }
        }

        return ByTables(crc, data);
    }

    private static uint ByTables(uint crc, ReadOnlySpan<byte> data)
    {
        var tables = Tables.AsSpan(0, 2048);
        while (data.Length >= 8)
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
            crc = tables[1792 + (int)(word & 0xFF)]
                ^ tables[1536 + (int)((word >> 8) & 0xFF)]
                ^ tables[1280 + (int)((word >> 16) & 0xFF)]
                ^ tables[1024 + (int)((word >> 24) & 0xFF)]
                ^ tables[768 + (int)((word >> 32) & 0xFF)]
                ^ tables[512 + (int)((word >> 40) & 0xFF)]
                ^ tables[256 + (int)((word >> 48) & 0xFF)]
                ^ tables[(int)(word >> 56)];
            data = data[8..];
        }

        foreach (var value in data)
            crc = tables[(int)((crc ^ value) & 0xFF)] ^ (crc >> 8);
        return crc;
    }

    /// <summary>
    /// At least 16 bytes: blocks of 16 folded into one another four at a time, and what is left over into the last one
    /// ("Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009; the constants are x^n mod P, reflected,
    /// for n = 544, 480, 160, 96, 64).
    /// </summary>
    private static uint Fold(uint crc, ReadOnlySpan<byte> data)
    {
        var by1 = Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL);
        var last = Block(data, data.Length - 16);
        Vector128<ulong> x;
        if (data.Length >= 64)
        {
            var by4 = Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL);
            Vector128<ulong> y, z, w;
            if (Pclmulqdq.V512.IsSupported && data.Length >= 256)
            {
                (x, y, z, w) = FoldWide(crc, ref data);
            }
            else
            {
                x = Block(data, 0) ^ Vector128.CreateScalar((ulong)crc);
                (y, z, w) = (Block(data, 16), Block(data, 32), Block(data, 48));
                data = data[64..];
            }

            for (; data.Length >= 64; data = data[64..])
            {
                x = Fold(x, by4) ^ Block(data, 0);
                y = Fold(y, by4) ^ Block(data, 16);
                z = Fold(z, by4) ^ Block(data, 32);
                w = Fold(w, by4) ^ Block(data, 48);
            }

            x = Fold(x, by1) ^ y;
            x = Fold(x, by1) ^ z;
            x = Fold(x, by1) ^ w;
        }
        else
        {
            x = Block(data, 0) ^ Vector128.CreateScalar((ulong)crc);
            data = data[16..];
        }

        for (; data.Length >= 16; data = data[16..])
            x = Fold(x, by1) ^ Block(data, 0);
        return Reduce(data.IsEmpty ? x : FoldRest(x, by1, last, data.Length), by1);
    }

    /// <summary>As <see cref="Fold(uint, ReadOnlySpan{byte})"/>, 256 bytes a step by the wide registers (n = 2080 and 2016); leaves less than that.</summary>
    private static (Vector128<ulong> X, Vector128<ulong> Y, Vector128<ulong> Z, Vector128<ulong> W) FoldWide(uint crc, ref ReadOnlySpan<byte> data)
    {
        var by16 = Vector512.Create(Vector256.Create(Vector128.Create(0x011542778aUL, 0x01322d1430UL)));
        var by4 = Vector512.Create(Vector256.Create(Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL)));
        var a = Wide(data, 0) ^ Vector512.CreateScalar((ulong)crc);
        var (b, c, d) = (Wide(data, 64), Wide(data, 128), Wide(data, 192));
        for (data = data[256..]; data.Length >= 256; data = data[256..])
        {
            a = Fold(a, by16) ^ Wide(data, 0);
            b = Fold(b, by16) ^ Wide(data, 64);
            c = Fold(c, by16) ^ Wide(data, 128);
            d = Fold(d, by16) ^ Wide(data, 192);
        }

        a = Fold(a, by4) ^ b;
        a = Fold(a, by4) ^ c;
        a = Fold(a, by4) ^ d;
        var (low, high) = (a.GetLower(), a.GetUpper());
        return (low.GetLower(), low.GetUpper(), high.GetLower(), high.GetUpper());
    }

    /// <summary>
    /// One to fifteen bytes behind a folded block: the block's first bytes are folded over its other ones followed by
    /// those. <paramref name="last"/> are the last 16 bytes of all.
    /// </summary>
    private static Vector128<ulong> FoldRest(Vector128<ulong> x, Vector128<ulong> by1, Vector128<ulong> last, int rest)
    {
        var first = Ssse3.Shuffle(x.AsByte(), Vector128.Create(Moves.Slice(rest, 16))).AsUInt64();
        var others = Ssse3.Shuffle(x.AsByte(), Vector128.Create(Moves.Slice(16 + rest, 16))).AsUInt64();
        return Fold(first, by1) ^ others ^ (last & Vector128.Create(Ends.Slice(rest, 16)).AsUInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Wide(ReadOnlySpan<byte> data, int at) => Vector512.Create(data.Slice(at, 64)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Fold(Vector512<ulong> x, Vector512<ulong> constants) =>
        Pclmulqdq.V512.CarrylessMultiply(x, constants, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(x, constants, 0x11);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Block(ReadOnlySpan<byte> data, int at) => Vector128.Create(data.Slice(at, 16)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Fold(Vector128<ulong> x, Vector128<ulong> constants) =>
        Pclmulqdq.CarrylessMultiply(x, constants, 0x00) ^ Pclmulqdq.CarrylessMultiply(x, constants, 0x11);

    /// <summary>128 bits to 64, to 32 by Barrett's reduction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Reduce(Vector128<ulong> x, Vector128<ulong> by1)
    {
        var low = Vector128.Create(uint.MaxValue, 0, uint.MaxValue, 0).AsUInt64();
        var barrett = Vector128.Create(0x01db710641UL, 0x01f7011641UL);
        x = Sse2.ShiftRightLogical128BitLane(x, 8) ^ Pclmulqdq.CarrylessMultiply(x, by1, 0x10);
        x = Pclmulqdq.CarrylessMultiply(x & low, Vector128.CreateScalar(0x0163cd6124UL), 0x00) ^ Sse2.ShiftRightLogical128BitLane(x, 4);
        var quotient = Pclmulqdq.CarrylessMultiply(x & low, barrett, 0x10) & low;
        x ^= Pclmulqdq.CarrylessMultiply(quotient, barrett, 0x00);
        return x.AsUInt32().GetElement(1);
    }

    /// <summary>The product mod P of two polynomials, bit 31 being x^0.</summary>
    private static uint Multiply(uint a, uint b)
    {
        if (Pclmulqdq.IsSupported)
        {
            var product = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar((ulong)a), Vector128.CreateScalar((ulong)b), 0x00).ToScalar() << 1;
            var tables = Tables.AsSpan(0, 1024);
            var high = (uint)product;
            return (uint)(product >> 32)
                ^ tables[768 + (int)(high & 0xFF)]
                ^ tables[512 + (int)((high >> 8) & 0xFF)]
                ^ tables[256 + (int)((high >> 16) & 0xFF)]
                ^ tables[(int)(high >> 24)];
        }

        var sum = 0u;
        for (var bit = 1u << 31; bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0)
                sum ^= b;
            b = (b >> 1) ^ (Polynomial & (0u - (b & 1)));
        }

        return sum;
    }

    private static uint[] MakePowers()
    {
        var powers = new uint[32];
        powers[0] = 1u << 30;
        for (var k = 1; k < powers.Length; k++)
            powers[k] = Multiply(powers[k - 1], powers[k - 1]);
        return powers;
    }

    private static uint[] MakeTables()
    {
        var tables = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
            tables[i] = value;
        }

        for (var i = 256; i < tables.Length; i++)
            tables[i] = (tables[i - 256] >> 8) ^ tables[(int)(tables[i - 256] & 0xFF)];
        return tables;
    }
}
