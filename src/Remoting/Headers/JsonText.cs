using System.Buffers;
using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>JSON strings with fastjson's choice of escapes.</summary>
internal static class JsonText
{
    // Escaped by fastjson: controls, quote, backslash, U+007F..U+009F, U+2028, U+2029. The last two begin with C2 and E2.
    private static readonly SearchValues<byte> Suspects = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(value => (byte)value), (byte)'"', (byte)'\\', 0x7F, 0xC2, 0xE2]);

    /// <summary>Writes a string in double quotes.</summary>
    public static void WriteQuoted(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        output.Write("\""u8);
        while (!utf8.IsEmpty)
        {
            var plain = utf8.IndexOfAny(Suspects);
            if (plain < 0)
            {
                output.Write(utf8);
                break;
            }
            output.Write(utf8[..plain]);
            Rune.DecodeFromUtf8(utf8[plain..], out var rune, out var consumed);
            if (NeedsEscape(rune.Value))
                WriteEscape(output, rune.Value);
            else
                output.Write(utf8.Slice(plain, consumed));
            utf8 = utf8[(plain + consumed)..];
        }
        output.Write("\""u8);
    }

    private static bool NeedsEscape(int value) =>
        value is < 0x20 or '"' or '\\' or (>= 0x7F and < 0xA0) or 0x2028 or 0x2029;

    private static void WriteEscape(IBufferWriter<byte> output, int value)
    {
        var letter = value switch
        {
            '"' => '"',
            '\\' => '\\',
            8 => 'b',
            9 => 't',
            10 => 'n',
            12 => 'f',
            13 => 'r',
            _ => '\0',
        };
        var span = output.GetSpan(6);
        span[0] = (byte)'\\';
        if (letter != 0)
        {
            span[1] = (byte)letter;
            output.Advance(2);
            return;
        }
        span[1] = (byte)'u';
        for (var digit = 0; digit < 4; digit++)
            span[2 + digit] = "0123456789ABCDEF"u8[(value >> (12 - (4 * digit))) & 15];
        output.Advance(6);
    }
}
