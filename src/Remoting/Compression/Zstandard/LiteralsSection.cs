namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>
/// The literals of a block.
/// <code>
///  | kind 2 bits | form 2 bits | size | packed size | Huffman table | sizes of the first three streams 6 | streams |
///  kind: 0 as they are, 1 one byte repeated, 2 packed with a table, 3 packed with the table of before
/// </code>
/// </summary>
internal sealed class LiteralsSection
{
    private readonly byte[] _literals = new byte[Block.MaxSize];
    private HuffmanTable? _table;
    private int _length;

    /// <summary>The literals that were read.</summary>
    public ReadOnlySpan<byte> Literals => _literals.AsSpan(0, _length);

    /// <summary>Forgets the table of before: another frame begins.</summary>
    public void Reset() => _table = null;

    /// <summary>Reads a section and steps over it; false when it is malformed.</summary>
    public bool TryRead(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            return false;
        var kind = rest[0] & 3;
        var form = (rest[0] >> 2) & 3;
        return kind < 2 ? TryReadPlain(ref rest, isRepeated: kind == 1, form) : TryReadPacked(ref rest, hasTable: kind == 2, form);
    }

    private bool TryReadPlain(ref ReadOnlySpan<byte> rest, bool isRepeated, int form)
    {
        var (head, shift) = form switch
        {
            1 => (2, 4),
            3 => (3, 4),
            _ => (1, 3),
        };
        if (rest.Length < head)
            return false;
        _length = (int)(Number(rest, head) >> shift);
        rest = rest[head..];
        var taken = isRepeated ? 1 : _length;
        if (_length > Block.MaxSize || taken > rest.Length)
            return false;
        if (isRepeated)
            _literals.AsSpan(0, _length).Fill(rest[0]);
        else
            rest[..taken].CopyTo(_literals);
        rest = rest[taken..];
        return true;
    }

    private bool TryReadPacked(ref ReadOnlySpan<byte> rest, bool hasTable, int form)
    {
        var (head, bits) = form switch
        {
            2 => (4, 14),
            3 => (5, 18),
            _ => (3, 10),
        };
        if (rest.Length < head)
            return false;
        var sizes = Number(rest, head) >> 4;
        _length = (int)(sizes & ((1UL << bits) - 1));
        var packed = (int)(sizes >> bits);
        if (_length > Block.MaxSize || packed > rest.Length - head)
            return false;
        var section = rest.Slice(head, packed);
        rest = rest[(head + packed)..];
        if (hasTable)
            _table = HuffmanTable.Read(ref section);
        if (_table is not { } table)
            return false;
        return form == 0 ? table.TryUnpack(section, _literals.AsSpan(0, _length)) : TryUnpackFour(table, section);
    }

    private bool TryUnpackFour(HuffmanTable table, ReadOnlySpan<byte> section)
    {
        if (section.Length < 6)
            return false;
        var each = (_length + 3) / 4;
        var streams = section[6..];
        for (var stream = 0; stream < 4; stream++)
        {
            var begin = Math.Min(_length, stream * each);
            var size = stream == 3 ? streams.Length : section[stream * 2] | (section[(stream * 2) + 1] << 8);
            var end = stream == 3 ? _length : Math.Min(_length, begin + each);
            if (size > streams.Length || !table.TryUnpack(streams[..size], _literals.AsSpan(begin, end - begin)))
                return false;
            streams = streams[size..];
        }
        return true;
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, int count)
    {
        var number = 0UL;
        for (var i = 0; i < count; i++)
            number |= (ulong)bytes[i] << (8 * i);
        return number;
    }
}
