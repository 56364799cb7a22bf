namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>
/// Compares a key of the <see cref="RetainedIndex"/> with a filter and says where the next key that can match begins, so
/// that a search leaps over what cannot.
/// </summary>
internal static class RetainedFilter
{
    private const byte Separator = RetainedIndex.Separator;

    /// <summary>Behind every key that begins with <c>$</c>.</summary>
    private static ReadOnlySpan<byte> BehindSystemNames => "%"u8;

    /// <summary>What a comparison came to.</summary>
    public enum Outcome
    {
        /// <summary>The key matches.</summary>
        Match,

        /// <summary>It does not; the next one may.</summary>
        Next,

        /// <summary>Keys before the one answered cannot match.</summary>
        Leap,

        /// <summary>No further key can match.</summary>
        End,
    }

    /// <summary>The levels of a filter before its first wildcard: where a search begins.</summary>
    public static byte[] FirstKey(ReadOnlySpan<byte> filter)
    {
        int wildcard = filter.IndexOfAny((byte)'+', (byte)'#');
        if (wildcard < 0)
        {
            return filter.ToArray();
        }

        // The separator stays out: a/# matches a, too.
        return filter[..Math.Max(0, wildcard - 1)].ToArray();
    }

    /// <summary>Compares.</summary>
    /// <param name="key">Key of the index.</param>
    /// <param name="filter">Filter in the form of keys.</param>
    /// <param name="leap">With <see cref="Outcome.Leap"/>: the least key that can match.</param>
    public static Outcome Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> filter, out byte[]? leap)
    {
        leap = null;
        int position = 0;
        int wildcardEnd = -1;
        bool keyEnded = false;
        while (true)
        {
            ReadOnlySpan<byte> wanted = CutLevel(ref filter, out bool lastWanted);
            bool wildcard = wanted is [(byte)'+'] or [(byte)'#'];
            // [MQTT-4.7.2-1]
            if (wildcard && position == 0 && !keyEnded && key is [(byte)'$', ..])
            {
                leap = BehindSystemNames.ToArray();
                return Outcome.Leap;
            }

            if (wanted is [(byte)'#'])
            {
                return Outcome.Match;
            }

            if (keyEnded)
            {
                return Outcome.Next;
            }

            int length = key[position..].IndexOf(Separator);
            int end = length < 0 ? key.Length : position + length;
            if (wildcard)
            {
                wildcardEnd = end;
            }
            else if (key[position..end].SequenceCompareTo(wanted) is not 0 and var order)
            {
                leap = order < 0 ? [.. key[..position], .. wanted] : wildcardEnd < 0 ? null : Behind(key[..wildcardEnd]);
                return leap is null ? Outcome.End : Outcome.Leap;
            }

            keyEnded = end == key.Length;
            if (lastWanted)
            {
                if (keyEnded)
                {
                    return Outcome.Match;
                }

                leap = Behind(key[..end]);
                return Outcome.Leap;
            }

            position = end + 1;
        }
    }

    /// <summary>The least key behind all that begin with these levels.</summary>
    private static byte[] Behind(ReadOnlySpan<byte> levels) => [.. levels, Separator + 1];

    private static ReadOnlySpan<byte> CutLevel(ref ReadOnlySpan<byte> rest, out bool last)
    {
        int end = rest.IndexOf(Separator);
        last = end < 0;
        ReadOnlySpan<byte> level = last ? rest : rest[..end];
        rest = last ? default : rest[(end + 1)..];
        return level;
    }
}
