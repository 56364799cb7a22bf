using System.Buffers.Binary;
using System.Numerics;

namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>
/// Bits that are read from the last to the first: the highest bit that is set in the last byte marks their end. Beyond the first bit there are
/// zeros, and <see cref="IsOverrun"/> says so.
/// </summary>
internal ref struct BackwardBits
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _left;

    private BackwardBits(ReadOnlySpan<byte> bytes, int left)
    {
        _bytes = bytes;
        _left = left;
    }

    /// <summary>Whether more was read than is there.</summary>
    public readonly bool IsOverrun => _left < 0;

    /// <summary>Whether everything was read, and no more.</summary>
    public readonly bool IsAtEnd => _left == 0;

    /// <summary>Begins to read; false when the end is not marked.</summary>
    public static bool TryBegin(ReadOnlySpan<byte> bytes, out BackwardBits bits)
    {
        var isMarked = !bytes.IsEmpty && bytes[^1] != 0;
        bits = isMarked ? new BackwardBits(bytes, (bytes.Length * 8) - BitOperations.LeadingZeroCount((uint)bytes[^1]) + 24 - 1) : default;
        return isMarked;
    }

    /// <summary>Reads up to 32 bits.</summary>
    public uint Read(int count)
    {
        var value = Peek(count);
        Skip(count);
        return value;
    }

    /// <summary>Looks at up to 32 bits.</summary>
    public readonly uint Peek(int count)
    {
        if (_left <= 0)
            return 0;
        var start = _left - count;
        return start >= 0
            ? (uint)((Load(start >> 3) >> (start & 7)) & ((1UL << count) - 1))
            : (uint)((Load(0) & ((1UL << _left) - 1)) << -start);
    }

    /// <summary>Steps over bits.</summary>
    public void Skip(int count) => _left -= count;

    private readonly ulong Load(int at)
    {
        if (_bytes.Length - at >= sizeof(ulong))
            return BinaryPrimitives.ReadUInt64LittleEndian(_bytes[at..]);
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        last.Clear();
        _bytes[at..].CopyTo(last);
        return BinaryPrimitives.ReadUInt64LittleEndian(last);
    }
}
