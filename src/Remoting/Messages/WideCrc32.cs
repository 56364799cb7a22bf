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

    /// <summary>
    /// What folds each quarter of a block to the end: of the last block, of the one before it and so on. x^n mod P, reflected,
    /// for n = d + 32 and d - 32 of a quarter with d bits behind it; the last one stays as it is.
    /// </summary>
    private static ReadOnlySpan<ulong> ToEnd =>
    [
        0x03db1ecdc, 0x174359406, 0x0f1da05aa, 0x15a546366, 0x1751997d0, 0x0ccaa009e, 0x000000000, 0x000000000,
        0x1ea89367e, 0x1d7cfc6ac, 0x0df068dc2, 0x18cb44e58, 0x1c7569e54, 0x0ae0b5394, 0x154442bd4, 0x1c6e41596,
        0x1816ab61c, 0x10aae2566, 0x0e3543be0, 0x14b57d3f0, 0x1fdc60a7c, 0x03f41287a, 0x1e88ef372, 0x14a7fe880,
        0x1db06f64c, 0x1c47d2a9c, 0x19159bb02, 0x125f17dfc, 0x1b35adb0e, 0x1e7146aac, 0x1821d8bc0, 0x12e958ac4,
        0x032b0733c, 0x0ff6f2fc2, 0x1f7228078, 0x1aaa44c18, 0x0a749e894, 0x16269a506, 0x11542778a, 0x1322d1430,
        0x07eaed122, 0x09b9bdbd0, 0x11e6a95a2, 0x12af2c15a, 0x1ad568056, 0x1c712203a, 0x00e9bd5cc, 0x115b87256,
        0x13484efdc, 0x0f9d9c7ee, 0x04b700aa8, 0x0eea395c4, 0x150fc8004, 0x04470ac44, 0x1f79525b0, 0x0d31343ea,
        0x0398e2ff2, 0x1cf247394, 0x119adc226, 0x145972f08, 0x144c76d92, 0x1b631f204, 0x0ad0d2bb2, 0x0cd669a40,
        0x05a6413ee, 0x02586d334, 0x1ee6aad30, 0x0db3935ea, 0x11eb18136, 0x0a55d1514, 0x01072db28, 0x1d741f35c,
    ];

    /// <summary>
    /// 64 bytes at least and fewer than <see cref="FewestForFour"/> folded into 16, with ones to begin with. Each block by
    /// itself, over all that is behind it: none waits for another, and a record's CRC is over in the time of three.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> FoldEach(ReadOnlySpan<byte> data)
    {
        ref var at = ref MemoryMarshal.GetReference(data);
        var rest = data.Length & (Block - 1);
        ref var row = ref Unsafe.Add(ref MemoryMarshal.GetReference(ToEnd), data.Length / Block * 8);
        var (head, block) = Begin(ref at, rest);
        var sum = Over(head, Vector512.LoadUnsafe(ref row));
        row = ref Unsafe.Subtract(ref row, 8);
        at = ref Unsafe.Add(ref at, rest);
        for (var behind = (data.Length / Block) - 1; behind > 0; behind--)
        {
            sum ^= Over(block, Vector512.LoadUnsafe(ref row));
            row = ref Unsafe.Subtract(ref row, 8);
            at = ref Unsafe.Add(ref at, Block);
            block = Load(ref at);
        }

        return Sum(sum ^ Over(block, Vector512.LoadUnsafe(ref row)), block);
    }

    /// <summary>As <see cref="FoldEach"/>, 256 bytes a step behind what is over: another method, or both have their registers on the stack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<ulong> FoldFour(ReadOnlySpan<byte> data)
    {
        ref var at = ref MemoryMarshal.GetReference(data);
        var rest = data.Length & (Block - 1);
        var (head, block) = Begin(ref at, rest);
        var a = Over1(head) ^ block;
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

        ref var rows = ref MemoryMarshal.GetReference(ToEnd);
        a = Over(a, Vector512.LoadUnsafe(ref Unsafe.Add(ref rows, 24)));
        b = Over(b, Vector512.LoadUnsafe(ref Unsafe.Add(ref rows, 16)));
        c = Over(c, Vector512.LoadUnsafe(ref Unsafe.Add(ref rows, 8)));
        return Sum(a ^ b ^ c ^ Over(d, Vector512.LoadUnsafe(ref rows)), d);
    }

    /// <summary>What does not fill a block, moved to the end of one, and the first block behind it; both with their part of the ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ulong> Head, Vector512<ulong> Block) Begin(ref byte at, int rest)
    {
        ref var ones = ref Unsafe.Add(ref MemoryMarshal.GetReference(Ones), rest);
        var places = Vector512.LoadUnsafe(ref Unsafe.Add(ref MemoryMarshal.GetReference(ToTheEnd), rest));
        var head = Avx512Vbmi.PermuteVar64x8x2(Vector512.LoadUnsafe(ref at), places, Vector512<byte>.Zero);
        return ((head ^ Vector512.LoadUnsafe(ref ones)).AsUInt64(), Load(ref Unsafe.Add(ref at, rest)) ^ Load(ref Unsafe.Add(ref ones, Block)));
    }

    /// <summary>The four quarters of what was folded to the end, and the very last one of the data.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Sum(Vector512<ulong> folded, Vector512<ulong> last)
    {
        var half = folded.GetLower() ^ folded.GetUpper();
        return half.GetLower() ^ half.GetUpper() ^ last.GetUpper().GetUpper();
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
