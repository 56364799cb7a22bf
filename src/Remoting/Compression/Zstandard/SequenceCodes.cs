namespace ProtoBridgeMQ.Remoting.Compression.Zstandard;

/// <summary>What the codes of lengths mean, and the tables that are used when a block brings none: constants of the format (RFC 8878, 3.1.1.3.2).</summary>
internal static class SequenceCodes
{
    public const int MaxLiteralCode = 35;
    public const int MaxMatchCode = 52;
    public const int MaxOffsetCode = 31;
    public const int MaxLengthLog = 9;
    public const int MaxOffsetLog = 8;

    public static readonly FseTable Literals = FseTable.Of(
        [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6)!;

    public static readonly FseTable Matches = FseTable.Of(
        [
            1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            -1, -1, -1, -1, -1, -1, -1,
        ],
        6)!;

    public static readonly FseTable Offsets = FseTable.Of(
        [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5)!;

    private static readonly (int Base, int Bits)[] LiteralLengths = Make(
        0, 16, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

    private static readonly (int Base, int Bits)[] MatchLengths = Make(
        3, 32, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

    /// <summary>Reads the rest of a number of literals.</summary>
    public static int LiteralLength(int code, ref BackwardBits bits) => LiteralLengths[code].Base + (int)bits.Read(LiteralLengths[code].Bits);

    /// <summary>Reads the rest of the length of a match.</summary>
    public static int MatchLength(int code, ref BackwardBits bits) => MatchLengths[code].Base + (int)bits.Read(MatchLengths[code].Bits);

    // The first codes are lengths themselves; each further one begins where the one before ends.
    private static (int Base, int Bits)[] Make(int first, int plain, ReadOnlySpan<byte> bits)
    {
        var codes = new (int, int)[plain + bits.Length];
        for (var code = 0; code < plain; code++)
            codes[code] = (first + code, 0);
        var begin = first + plain;
        for (var i = 0; i < bits.Length; i++)
        {
            codes[plain + i] = (begin, bits[i]);
            begin += 1 << bits[i];
        }
        return codes;
    }
}
