using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// The long part of <see cref="Crc32"/> by registers of 64 bytes. What does not fill one comes first and not last: zeros
/// before a polynomial change nothing, so the bytes are moved to the end of a block and there is no rest to be folded one
/// by one. A record of 128 B is mostly rest.
/// <code>
///   data    | r bytes | 64 | 64 | ...          r = length mod 64
///   blocks  | 0 .. 0, r bytes | 64 | 64 | ...  the first four bytes of the data inverted, wherever they are
/// </code>
/// </summary>
internal static class WideCrc32
{
    /// <summary>Bytes of a register, and the fewest that it is for.</summary>
    public const int Block = 64;

    /// <summary>Bytes from which on four registers, each waiting for itself alone, are faster than one.</summary>
    public const int FewestForFour = 8 * Block;

    /// <summary>Whether the processor has what it takes.</summary>
    public static bool IsSupported => Pclmulqdq.V512.IsSupported && Avx512Vbmi.IsSupported;

    /// <summary>From r on: where each byte of a block comes from whose last r bytes are the first r of another; 64 is a zero.</summary>
    private static ReadOnlySpan<byte> ToTheEnd =>
    [
        64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
        64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
    ];

    /// <summary>From r on: four bytes of ones that begin r bytes before the end of a block; 64 further on, what of them is in the next.</summary>
    private static ReadOnlySpan<byte> Ones =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>64 bytes at least folded into 16, with ones to begin with. The constants are x^n mod P, reflected.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> FoldOne(ReadOnlySpan<byte> data)
    {
        ref var at = ref MemoryMarshal.GetReference(data);
        var rest = data.Length & (Block - 1);
        var x = Begin(ref at, rest);
        at = ref Unsafe.Add(ref at, rest);
        for (var blocks = (data.Length / Block) - 1; blocks > 0; blocks--)
        {
            at = ref Unsafe.Add(ref at, Block);
            x = Over1(x) ^ Load(ref at);
        }

        return Quarters(x);
    }

    /// <summary>As <see cref="FoldOne"/>, 256 bytes a step behind what is over: another method, or both have their registers on the stack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<ulong> FoldFour(ReadOnlySpan<byte> data)
    {
        ref var at = ref MemoryMarshal.GetReference(data);
        var rest = data.Length & (Block - 1);
        var a = Begin(ref at, rest);
        at = ref Unsafe.Add(ref at, rest);
        var blocks = data.Length / Block;
        for (; (blocks & 3) != 0; blocks--)
        {
            at = ref Unsafe.Add(ref at, Block);
            a = Over1(a) ^ Load(ref at);
        }

        var b = Load(ref Unsafe.Add(ref at, Block));
        var c = Load(ref Unsafe.Add(ref at, 2 * Block));
        var d = Load(ref Unsafe.Add(ref at, 3 * Block));
        for (blocks -= 4; blocks > 0; blocks -= 4)
        {
            at = ref Unsafe.Add(ref at, 4 * Block);
            a = Over4(a) ^ Load(ref at);
            b = Over4(b) ^ Load(ref Unsafe.Add(ref at, Block));
            c = Over4(c) ^ Load(ref Unsafe.Add(ref at, 2 * Block));
            d = Over4(d) ^ Load(ref Unsafe.Add(ref at, 3 * Block));
        }

        return Quarters(Over1(Over1(Over1(a) ^ b) ^ c) ^ d);
    }

    /// <summary>What does not fill a block, folded into the first one behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Begin(ref byte at, int rest)
    {
        ref var ones = ref Unsafe.Add(ref MemoryMarshal.GetReference(Ones), rest);
        var places = Vector512.LoadUnsafe(ref Unsafe.Add(ref MemoryMarshal.GetReference(ToTheEnd), rest));
        var head = Avx512Vbmi.PermuteVar64x8x2(Vector512.LoadUnsafe(ref at), places, Vector512<byte>.Zero);
        return Over1((head ^ Vector512.LoadUnsafe(ref ones)).AsUInt64()) ^ Load(ref Unsafe.Add(ref at, rest)) ^ Load(ref Unsafe.Add(ref ones, Block));
    }

    /// <summary>Each quarter over those behind it: n = 416 and 352, 288 and 224, 160 and 96.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Quarters(Vector512<ulong> x)
    {
        var quarters = Over(x, Vector512.Create(0x03db1ecdcUL, 0x0174359406UL, 0x00f1da05aaUL, 0x015a546366UL, 0x01751997d0UL, 0x00ccaa009eUL, 0, 0));
        var half = quarters.GetLower() ^ quarters.GetUpper();
        return half.GetLower() ^ half.GetUpper() ^ x.GetUpper().GetUpper();
    }

    /// <summary>Over one block: n = 544 and 480.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Over1(Vector512<ulong> x) => Over(
        x, Vector512.Create(0x0154442bd4UL, 0x01c6e41596UL, 0x0154442bd4UL, 0x01c6e41596UL, 0x0154442bd4UL, 0x01c6e41596UL, 0x0154442bd4UL, 0x01c6e41596UL));

    /// <summary>Over four blocks: n = 2080 and 2016.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Over4(Vector512<ulong> x) => Over(
        x, Vector512.Create(0x011542778aUL, 0x01322d1430UL, 0x011542778aUL, 0x01322d1430UL, 0x011542778aUL, 0x01322d1430UL, 0x011542778aUL, 0x01322d1430UL));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load(ref byte at) => Vector512.LoadUnsafe(ref at).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Over(Vector512<ulong> x, Vector512<ulong> constants) =>
        Pclmulqdq.V512.CarrylessMultiply(x, constants, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(x, constants, 0x11);
}
