namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>
/// The sequences of a block: so many literals, then a match of so many bytes that begins so far back.
/// <code>
///  | how many 1..3 | kinds of the three tables 1 | tables of literals' lengths, offsets, matches' lengths | bits, read backwards |
///  kind: 0 the format's own table, 1 one code, 2 a table, 3 the table of before
/// </code>
/// </summary>
internal sealed class SequencesSection
{
    private readonly int[] _recent = [1, 4, 8];
    private FseTable? _literals;
    private FseTable? _offsets;
    private FseTable? _matches;

    /// <summary>Forgets tables and offsets of before: another frame begins.</summary>
    public void Reset()
    {
        _literals = _offsets = _matches = null;
        (_recent[0], _recent[1], _recent[2]) = (1, 4, 8);
    }

    /// <summary>Carries out the sequences of a section; false when it is malformed, or over the limit of the output.</summary>
    /// <param name="section">The section, to the end of its block.</param>
    /// <param name="literals">The literals of the block.</param>
    /// <param name="floor">Where in the output the frame begins.</param>
    /// <param name="output">Where to.</param>
    public bool TryCarryOut(ReadOnlySpan<byte> section, ReadOnlySpan<byte> literals, int floor, ref UnpackedBytes output)
    {
        if (!TryReadCount(ref section, out var count))
            return false;
        if (count == 0)
            return section.IsEmpty && TryWrite(literals, ref output);
        if (section.IsEmpty || (section[0] & 3) != 0)
            return false;
        int kinds = section[0];
        section = section[1..];
        return TryReadTable(ref section, kinds >> 6, SequenceCodes.Literals, SequenceCodes.MaxLengthLog, SequenceCodes.MaxLiteralCode, ref _literals)
            && TryReadTable(ref section, (kinds >> 4) & 3, SequenceCodes.Offsets, SequenceCodes.MaxOffsetLog, SequenceCodes.MaxOffsetCode, ref _offsets)
            && TryReadTable(ref section, (kinds >> 2) & 3, SequenceCodes.Matches, SequenceCodes.MaxLengthLog, SequenceCodes.MaxMatchCode, ref _matches)
            && BackwardBits.TryBegin(section, out var bits)
            && TryCarryOut(count, ref bits, literals, floor, ref output);
    }

    private bool TryCarryOut(int count, ref BackwardBits bits, ReadOnlySpan<byte> literals, int floor, ref UnpackedBytes output)
    {
        var literalState = (int)bits.Read(_literals!.Log);
        var offsetState = (int)bits.Read(_offsets!.Log);
        var matchState = (int)bits.Read(_matches!.Log);
        for (var left = count; left > 0; left--)
        {
            var offsetCode = _offsets.SymbolOf(offsetState);
            var offsetValue = (1L << offsetCode) + bits.Read(offsetCode);
            var matchLength = SequenceCodes.MatchLength(_matches.SymbolOf(matchState), ref bits);
            var literalLength = SequenceCodes.LiteralLength(_literals.SymbolOf(literalState), ref bits);
            if (left > 1)
            {
                literalState = _literals.Next(literalState, ref bits);
                matchState = _matches.Next(matchState, ref bits);
                offsetState = _offsets.Next(offsetState, ref bits);
            }
            if (bits.IsOverrun || literalLength > literals.Length || !TryWrite(literals[..literalLength], ref output))
                return false;
            literals = literals[literalLength..];
            var offset = Offset(offsetValue, literalLength == 0);
            if (offset <= 0 || offset > output.Length - floor || !output.Repeat((int)offset, matchLength))
                return false;
        }
        return bits.IsAtEnd && TryWrite(literals, ref output);
    }

    /// <summary>Values up to 3 mean one of the last three offsets, counted from the second one when there are no literals.</summary>
    private long Offset(long value, bool hasNoLiterals)
    {
        var index = value > 3 ? 3 : (int)value - 1 + (hasNoLiterals ? 1 : 0);
        var offset = value > 3 ? value - 3 : index < 3 ? _recent[index] : _recent[0] - 1;
        if (index > 1)
            _recent[2] = _recent[1];
        if (index > 0)
            _recent[1] = _recent[0];
        _recent[0] = (int)Math.Min(offset, int.MaxValue);
        return offset;
    }

    private static bool TryReadCount(ref ReadOnlySpan<byte> section, out int count)
    {
        count = section.IsEmpty ? -1 : section[0];
        var head = count switch
        {
            < 128 => 1,
            < 255 => 2,
            _ => 3,
        };
        if (count < 0 || section.Length < head)
            return false;
        count = head switch
        {
            1 => count,
            2 => ((count - 128) << 8) + section[1],
            _ => section[1] + (section[2] << 8) + 0x7F00,
        };
        section = section[head..];
        return true;
    }

    private static bool TryReadTable(ref ReadOnlySpan<byte> section, int kind, FseTable own, int maxLog, int maxCode, ref FseTable? table)
    {
        switch (kind)
        {
            case 0:
                table = own;
                break;
            case 1:
                if (section.IsEmpty || section[0] > maxCode)
                    return false;
                table = FseTable.Of(section[0]);
                section = section[1..];
                break;
            case 2:
                table = FseTable.Read(ref section, maxLog, maxCode);
                break;
        }
        return table is not null;
    }

    private static bool TryWrite(ReadOnlySpan<byte> literals, ref UnpackedBytes output)
    {
        var room = output.Room(literals.Length);
        if (room.Length < literals.Length)
            return false;
        literals.CopyTo(room);
        output.Advance(literals.Length);
        return true;
    }
}
