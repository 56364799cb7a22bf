using System.Globalization;

namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>Reads numbers as Java's <c>Integer.valueOf</c>, <c>Long.valueOf</c> and <c>Double.valueOf</c> do.</summary>
internal static class JavaNumbers
{
    /// <summary>A whole number from <paramref name="least"/> up to one less than its opposite; signs and zeros may go before, nothing else.</summary>
    public static bool TryLong(ReadOnlySpan<byte> text, long least, out long value)
    {
        value = 0;
        bool negative = text is [(byte)'-', ..];
        ReadOnlySpan<byte> digits = negative || text is [(byte)'+', ..] ? text[1..] : text;
        if (digits.IsEmpty)
        {
            return false;
        }

        // Counted down, because there is one negative number more.
        foreach (byte digit in digits)
        {
            int number = digit - '0';
            if ((uint)number > 9 || value < least / 10 || value * 10 < least + number)
            {
                return false;
            }

            value = (value * 10) - number;
        }

        if (negative)
        {
            return true;
        }

        bool fits = value != least;
        value = fits ? -value : 0;
        return fits;
    }

    /// <summary>A decimal number, with the blanks, exponents, suffixes and words that Java allows. Its hexadecimal form is not read.</summary>
    public static bool TryDouble(ReadOnlySpan<byte> text, out double value)
    {
        while (text is [<= 0x20, ..])
        {
            text = text[1..];
        }

        while (text is [.., <= 0x20])
        {
            text = text[..^1];
        }

        value = 0;
        ReadOnlySpan<byte> unsigned = text is [(byte)'-' or (byte)'+', ..] ? text[1..] : text;
        if (unsigned.SequenceEqual("NaN"u8) || unsigned.SequenceEqual("Infinity"u8))
        {
            bool negative = text[0] == (byte)'-';
            value = unsigned[0] == (byte)'N' ? double.NaN : negative ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        if (unsigned is not [(>= (byte)'0' and <= (byte)'9') or (byte)'.', ..])
        {
            return false;
        }

        if (text is [.., (byte)'d' or (byte)'D' or (byte)'f' or (byte)'F'])
        {
            text = text[..^1];
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Style, CultureInfo.InvariantCulture, out value);
    }
}
