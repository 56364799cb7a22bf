using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// Writes pieces of JSON one behind the other, with fastjson's choice of escapes. Asks its output for room once for many pieces: a header has a
/// hundred of them. What was written counts when <see cref="Complete"/> was called.
/// </summary>
internal ref struct JsonTextWriter(IBufferWriter<byte> output)
{
    private const int LongestEscape = 6;
    private const int LongestNumber = 11;

    /// <summary>Names and numbers: looking at each byte is faster than a search for several at once.</summary>
    private const int Short = 8;

    // Escaped by fastjson: controls, quote, backslash, U+007F..U+009F, U+2028, U+2029. The last two begin with C2 and E2.
    private static readonly SearchValues<byte> Suspects = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(value => (byte)value), (byte)'"', (byte)'\\', 0x7F, 0xC2, 0xE2]);

    private readonly IBufferWriter<byte> _output = output;
    private Span<byte> _room;
    private int _used;

    /// <summary>Writes text as it is.</summary>
    public void Raw(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Room(utf8.Length));
        _used += utf8.Length;
    }

    /// <summary>Writes a number.</summary>
    public void Number(int value)
    {
        Utf8Formatter.TryFormat(value, Room(LongestNumber), out var length);
        _used += length;
    }

    /// <summary>Writes a string in double quotes.</summary>
    public void Quoted(ReadOnlySpan<byte> utf8)
    {
        var plain = utf8.Length <= Short ? FindSuspect(utf8) : utf8.IndexOfAny(Suspects);
        if (plain >= 0)
        {
            Escaped(utf8, plain);
            return;
        }
        var room = Room(utf8.Length + 2);
        room[0] = (byte)'"';
        utf8.CopyTo(room[1..]);
        room[utf8.Length + 1] = (byte)'"';
        _used += utf8.Length + 2;
    }

    /// <summary>Hands over what was written.</summary>
    public void Complete()
    {
        _output.Advance(_used);
        _room = default;
        _used = 0;
    }

    private static int FindSuspect(ReadOnlySpan<byte> utf8)
    {
        for (var at = 0; at < utf8.Length; at++)
        {
            if (utf8[at] is < 32 or >= 0x7F or (byte)'"' or (byte)'\\')
                return at;
        }
        return -1;
    }

    private void Escaped(ReadOnlySpan<byte> utf8, int plain)
    {
        Raw("\""u8);
        while (plain >= 0)
        {
            Raw(utf8[..plain]);
            utf8 = utf8[plain..];
            // Nearly all that is escaped are the controls between properties.
            var value = (int)utf8[0];
            var consumed = 1;
            if (value >= 0x80)
            {
                Rune.DecodeFromUtf8(utf8, out var rune, out consumed);
                value = rune.Value;
            }
            if (NeedsEscape(value))
                Escape(value);
            else
                Raw(utf8[..consumed]);
            utf8 = utf8[consumed..];
            plain = utf8.IndexOfAny(Suspects);
        }
        Raw(utf8);
        Raw("\""u8);
    }

    private void Escape(int value)
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
        var span = Room(LongestEscape);
        span[0] = (byte)'\\';
        if (letter != 0)
        {
            span[1] = (byte)letter;
            _used += 2;
            return;
        }
        span[1] = (byte)'u';
        for (var digit = 0; digit < 4; digit++)
            span[2 + digit] = "0123456789ABCDEF"u8[(value >> (12 - (4 * digit))) & 15];
        _used += LongestEscape;
    }

    private Span<byte> Room(int length)
    {
        if (_room.Length - _used < length)
        {
            _output.Advance(_used);
            _used = 0;
            _room = _output.GetSpan(length);
        }
        return _room[_used..];
    }

    private static bool NeedsEscape(int value) =>
        value is < 0x20 or '"' or '\\' or (>= 0x7F and < 0xA0) or 0x2028 or 0x2029;
}
