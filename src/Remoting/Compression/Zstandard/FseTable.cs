using System.Numerics;

namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>A decoding table of finite state entropy: from a state to its symbol, and how the next state is read.</summary>
internal sealed class FseTable
{
    private readonly Cell[] _cells;

    private FseTable(Cell[] cells, int log)
    {
        _cells = cells;
        Log = log;
    }

    /// <summary>Bits of the first state.</summary>
    public int Log { get; }

    /// <summary>The symbol of a state.</summary>
    public int SymbolOf(int state) => _cells[state].Symbol;

    /// <summary>The state after a state.</summary>
    public int Next(int state, ref BackwardBits bits) => _cells[state].Base + (int)bits.Read(_cells[state].Bits);

    /// <summary>A table that has one symbol.</summary>
    public static FseTable Of(byte symbol) => new([new Cell(symbol, 0, 0)], 0);

    /// <summary>Makes a table of probabilities: out of 2^log, where -1 is less than one. Null when they make none.</summary>
    public static FseTable? Of(ReadOnlySpan<sbyte> small, int log)
    {
        Span<short> probabilities = stackalloc short[small.Length];
        for (var i = 0; i < small.Length; i++)
            probabilities[i] = small[i];
        return Of(probabilities, log);
    }

    /// <summary>Reads the probabilities that stand in front of packed symbols, and steps over them; null when they are malformed.</summary>
    /// <remarks>Four bits: the log less 5. Then for each symbol a number in as many bits as what is left of the probabilities takes, or one bit less.</remarks>
    public static FseTable? Read(ref ReadOnlySpan<byte> rest, int maxLog, int maxSymbol)
    {
        var at = 0;
        var log = ForwardBits(rest, ref at, 4) + 5;
        if (log > maxLog)
            return null;
        Span<short> probabilities = stackalloc short[256];
        var remaining = 1 << log;
        var count = 0;
        while (remaining > 0)
        {
            if (count > maxSymbol)
                return null;
            var probability = ReadProbability(rest, ref at, remaining);
            remaining -= Math.Abs(probability);
            probabilities[count++] = (short)probability;
            for (var zeros = probability == 0 ? 3 : 0; zeros == 3;)
            {
                zeros = ForwardBits(rest, ref at, 2);
                count += zeros;
                if (count > maxSymbol + 1)
                    return null;
            }
        }
        var used = (at + 7) / 8;
        if (remaining < 0 || used > rest.Length)
            return null;
        rest = rest[used..];
        return Of(probabilities[..count], log);
    }

    private static FseTable? Of(ReadOnlySpan<short> probabilities, int log)
    {
        var size = 1 << log;
        var cells = new Cell[size];
        Span<int> next = stackalloc int[256];
        var high = size;
        for (var symbol = 0; symbol < probabilities.Length; symbol++)
        {
            if (probabilities[symbol] == -1)
                cells[--high] = new Cell((byte)symbol, 0, 0);
            next[symbol] = Math.Abs((int)probabilities[symbol]);
        }
        var step = (size >> 1) + (size >> 3) + 3;
        var place = 0;
        for (var symbol = 0; symbol < probabilities.Length; symbol++)
        {
            for (var i = 0; i < probabilities[symbol]; i++)
            {
                cells[place] = new Cell((byte)symbol, 0, 0);
                do
                    place = (place + step) & (size - 1);
                while (place >= high);
            }
        }
        if (place != 0)
            return null;
        for (var state = 0; state < size; state++)
        {
            var symbol = cells[state].Symbol;
            var count = next[symbol]++;
            var bits = log - BitOperations.Log2((uint)count);
            cells[state] = new Cell(symbol, (byte)bits, (ushort)((count << bits) - size));
        }
        return new FseTable(cells, log);
    }

    private static int ReadProbability(ReadOnlySpan<byte> bytes, ref int at, int remaining)
    {
        var bits = BitOperations.Log2((uint)remaining + 1) + 1;
        var value = ForwardBits(bytes, ref at, bits);
        var lower = (1 << (bits - 1)) - 1;
        var threshold = (1 << bits) - 1 - (remaining + 1);
        if ((value & lower) < threshold)
        {
            // A small one: it has a bit less.
            at--;
            value &= lower;
        }
        else if (value > lower)
        {
            value -= threshold;
        }
        return value - 1;
    }

    // Behind the end there are zeros; that it was gone beyond shows in the position.
    private static int ForwardBits(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        var value = 0;
        for (var bit = 0; bit < count; bit++, at++)
        {
            if (at >> 3 < bytes.Length)
                value |= ((bytes[at >> 3] >> (at & 7)) & 1) << bit;
        }
        return value;
    }

    private readonly record struct Cell(byte Symbol, byte Bits, ushort Base);
}
