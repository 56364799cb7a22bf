using System.Numerics;

namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>A decoding table of Huffman codes: from the next bits to a symbol and the bits that it takes.</summary>
internal sealed class HuffmanTable
{
    private const int LongestCode = 11;
    private const int MaxWeightLog = 6;
    private const int MaxSymbols = 256;

    private readonly (byte Symbol, byte Bits)[] _codes;
    private readonly int _log;

    private HuffmanTable((byte Symbol, byte Bits)[] codes, int log)
    {
        _codes = codes;
        _log = log;
    }

    /// <summary>Reads the description of a table and steps over it; null when it is malformed.</summary>
    /// <remarks>A byte under 128: so many bytes of packed weights follow. Else 127 less weights, of four bits each.</remarks>
    public static HuffmanTable? Read(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            return null;
        int head = rest[0];
        rest = rest[1..];
        Span<byte> weights = stackalloc byte[MaxSymbols];
        var count = 0;
        if (head < 128)
        {
            if (head > rest.Length || !TryUnpackWeights(rest[..head], weights, out count))
                return null;
            rest = rest[head..];
        }
        else
        {
            count = head - 127;
            var bytes = (count + 1) / 2;
            if (bytes > rest.Length)
                return null;
            for (var i = 0; i < count; i++)
                weights[i] = (byte)((i & 1) == 0 ? rest[i / 2] >> 4 : rest[i / 2] & 15);
            rest = rest[bytes..];
        }
        return Of(weights, count);
    }

    /// <summary>Unpacks a stream that fills the destination exactly; false when it is malformed.</summary>
    public bool TryUnpack(ReadOnlySpan<byte> stream, Span<byte> destination)
    {
        if (!BackwardBits.TryBegin(stream, out var bits))
            return false;
        for (var i = 0; i < destination.Length; i++)
        {
            var (symbol, length) = _codes[bits.Peek(_log)];
            bits.Skip(length);
            destination[i] = symbol;
        }
        return bits.IsAtEnd;
    }

    private static HuffmanTable? Of(Span<byte> weights, int count)
    {
        var sum = 0;
        for (var i = 0; i < count; i++)
        {
            if (weights[i] > LongestCode)
                return null;
            sum += weights[i] == 0 ? 0 : 1 << (weights[i] - 1);
        }
        if (sum == 0 || count == MaxSymbols)
            return null;
        // The last weight is what is missing to a power of two.
        var log = BitOperations.Log2((uint)sum) + 1;
        var missing = (1 << log) - sum;
        if (log > LongestCode || !BitOperations.IsPow2(missing))
            return null;
        weights[count++] = (byte)(BitOperations.Log2((uint)missing) + 1);

        var codes = new (byte, byte)[1 << log];
        var at = 0;
        for (var weight = 1; weight <= log; weight++)
        {
            for (var symbol = 0; symbol < count; symbol++)
            {
                if (weights[symbol] != weight)
                    continue;
                codes.AsSpan(at, 1 << (weight - 1)).Fill(((byte)symbol, (byte)(log + 1 - weight)));
                at += 1 << (weight - 1);
            }
        }
        return new HuffmanTable(codes, log);
    }

    // Two states take turns; the bits end when the first of them cannot go on.
    private static bool TryUnpackWeights(ReadOnlySpan<byte> packed, Span<byte> weights, out int count)
    {
        count = 0;
        if (FseTable.Read(ref packed, MaxWeightLog, MaxSymbols - 1) is not { } table || !BackwardBits.TryBegin(packed, out var bits))
            return false;
        var state = (int)bits.Read(table.Log);
        var other = (int)bits.Read(table.Log);
        if (bits.IsOverrun)
            return false;
        while (count < MaxSymbols - 2)
        {
            weights[count++] = (byte)table.SymbolOf(state);
            state = table.Next(state, ref bits);
            if (bits.IsOverrun)
            {
                weights[count++] = (byte)table.SymbolOf(other);
                return true;
            }
            (state, other) = (other, state);
        }
        return false;
    }
}
