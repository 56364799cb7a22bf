namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>Blocks of a frame: as they are, one byte repeated, or packed. What one block says of tables holds for the next ones.</summary>
internal sealed class Block
{
    /// <summary>Bytes of a block, packed or not.</summary>
    public const int MaxSize = 128 << 10;

    private const int Plain = 0;
    private const int Repeated = 1;
    private const int Packed = 2;

    private readonly LiteralsSection _literals = new();
    private readonly SequencesSection _sequences = new();

    /// <summary>Another frame begins.</summary>
    public void Reset()
    {
        _literals.Reset();
        _sequences.Reset();
    }

    /// <summary>Unpacks a block and steps over it.</summary>
    /// <param name="rest">Behind the block's head.</param>
    /// <param name="kind">What its head says.</param>
    /// <param name="size">What its head says.</param>
    /// <param name="floor">Where in the output the frame begins.</param>
    /// <param name="output">Where to.</param>
    /// <returns>Null, or what is wrong.</returns>
    public string? Unpack(ref ReadOnlySpan<byte> rest, int kind, int size, int floor, ref UnpackedBytes output)
    {
        if (kind > Packed || size > MaxSize)
            return "a block of its Zstandard frame is of no kind that is known, or larger than blocks may be";
        var taken = kind == Repeated ? 1 : size;
        if (taken > rest.Length)
            return Problems.CutShort;
        var block = rest[..taken];
        rest = rest[taken..];
        if (kind == Packed)
        {
            var before = output.Length;
            return _literals.TryRead(ref block) && _sequences.TryCarryOut(block, _literals.Literals, floor, ref output) && output.Length - before <= MaxSize
                ? null
                : "a block of its Zstandard frame is malformed";
        }
        var room = output.Room(size);
        if (room.Length < size)
            return Problems.CutShort;
        if (kind == Plain)
            block.CopyTo(room);
        else
            room.Fill(block[0]);
        output.Advance(size);
        return null;
    }
}
