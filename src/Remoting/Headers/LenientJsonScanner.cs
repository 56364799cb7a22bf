using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>What a scanned JSON value is.</summary>
internal enum JsonTokenKind
{
    String,
    Bare,
    Null,
    Composite,
}

/// <summary>A scanned value: its range in the scanned bytes (without quotes, unescaped).</summary>
internal readonly record struct JsonToken(JsonTokenKind Kind, int Start, int Length);

/// <summary>
/// Walks the members of JSON objects as leniently as fastjson does, without recursion and without allocating.
/// Unescapes strings in place, so the bytes must be the caller's own copy.
/// </summary>
internal ref struct LenientJsonScanner(Span<byte> bytes)
{
    private const int MaxDepth = 64;

    private readonly Span<byte> _bytes = bytes;
    private int _at;

    /// <summary>Whether the text ended or broke inside an object.</summary>
    public bool Failed { get; private set; }

    public readonly ReadOnlySpan<byte> Slice(JsonToken token) => _bytes.Slice(token.Start, token.Length);

    /// <summary>Steps behind an opening brace, if there is one.</summary>
    public bool TryEnterObject()
    {
        SkipBlanks();
        if (_at >= _bytes.Length || _bytes[_at] != '{')
            return false;
        _at++;
        return true;
    }

    /// <summary>Steps behind an opening bracket, if there is one.</summary>
    public bool TryEnterArray()
    {
        SkipBlanks();
        if (_at >= _bytes.Length || _bytes[_at] != '[')
            return false;
        _at++;
        return true;
    }

    /// <summary>Whether the array goes on; steps behind its closing bracket when it does not.</summary>
    public bool TryNextElement()
    {
        SkipBlanksAndCommas();
        if (_at >= _bytes.Length)
            return Fail();
        if (_bytes[_at] != ']')
            return true;
        _at++;
        return false;
    }

    /// <summary>Reads the next member's name and its colon; false at the closing brace or when broken.</summary>
    public bool TryReadName(out JsonToken name)
    {
        name = default;
        SkipBlanksAndCommas();
        if (_at >= _bytes.Length)
            return Fail();
        if (_bytes[_at] == '}')
        {
            _at++;
            return false;
        }
        if (!TryReadKey(out name))
            return Fail();
        SkipBlanks();
        if (_at >= _bytes.Length || _bytes[_at] != ':')
            return Fail();
        _at++;
        return true;
    }

    /// <summary>Reads one value of any kind.</summary>
    public bool TryReadValue(out JsonToken value)
    {
        value = default;
        SkipBlanks();
        if (_at >= _bytes.Length)
            return Fail();
        if (_bytes[_at] is (byte)'{' or (byte)'[')
        {
            var start = _at;
            if (!SkipComposite())
                return Fail();
            value = new JsonToken(JsonTokenKind.Composite, start, _at - start);
            return true;
        }
        return TryReadScalar(out value) || Fail();
    }

    private bool Fail()
    {
        Failed = true;
        return false;
    }

    private void SkipBlanks()
    {
        // Nearly always there is none.
        if (_at < _bytes.Length && _bytes[_at] > (byte)' ')
            return;
        while (_at < _bytes.Length && _bytes[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            _at++;
    }

    private void SkipBlanksAndCommas()
    {
        SkipBlanks();
        while (_at < _bytes.Length && _bytes[_at] == ',')
        {
            _at++;
            SkipBlanks();
        }
    }

    // A key may be an object: fastjson writes maps by queue so.
    private bool TryReadKey(out JsonToken name)
    {
        name = default;
        if (_bytes[_at] != '{')
            return TryReadScalar(out name);
        var start = _at;
        if (!SkipComposite())
            return false;
        name = new JsonToken(JsonTokenKind.Composite, start, _at - start);
        return true;
    }

    private bool TryReadScalar(out JsonToken token)
    {
        token = default;
        if (_bytes[_at] is (byte)'"' or (byte)'\'')
            return TryReadQuoted(out token);
        var start = _at;
        while (_at < _bytes.Length && !IsEndOfBare(_bytes[_at]))
            _at++;
        var text = _bytes[start.._at];
        if (text.IsEmpty)
            return false;
        token = new JsonToken(text.SequenceEqual("null"u8) ? JsonTokenKind.Null : JsonTokenKind.Bare, start, text.Length);
        return true;
    }

    private static bool IsEndOfBare(byte value) => value is (byte)',' or (byte)':' or (byte)'}' or (byte)']'
        or (byte)'{' or (byte)'[' or (byte)'"' or (byte)'\'' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private bool TryReadQuoted(out JsonToken token)
    {
        token = default;
        var quote = _bytes[_at++];
        var start = _at;
        if (!TryFindQuoteOrEscape(quote, start, out var write))
            return false;
        _at = write;
        while (_bytes[_at] != quote)
        {
            if (_bytes[_at] != '\\')
                _bytes[write++] = _bytes[_at++];
            else if (!TryUnescape(ref write))
                return false;
            if (_at >= _bytes.Length)
                return false;
        }
        _at++;
        token = new JsonToken(JsonTokenKind.String, start, write - start);
        return true;
    }

    private readonly bool TryFindQuoteOrEscape(byte quote, int start, out int found)
    {
        // Names and numbers are so short that looking at each byte is faster than a search for several at once.
        var near = _bytes[start..Math.Min(_bytes.Length, start + 12)];
        for (var at = 0; at < near.Length; at++)
        {
            if (near[at] == quote || near[at] == '\\')
            {
                found = start + at;
                return true;
            }
        }
        var plain = _bytes[(start + near.Length)..].IndexOfAny(quote, (byte)'\\');
        found = start + near.Length + plain;
        return plain >= 0;
    }

    private bool TryUnescape(ref int write)
    {
        if (_bytes.Length - _at < 2)
            return false;
        var escape = _bytes[_at + 1];
        _at += 2;
        if (escape is (byte)'u' or (byte)'x')
            return TryUnescapeHex(escape == 'u' ? 4 : 2, ref write);
        _bytes[write++] = escape switch
        {
            (byte)'b' => 8,
            (byte)'t' => 9,
            (byte)'n' => 10,
            (byte)'v' => 11,
            (byte)'f' or (byte)'F' => 12,
            (byte)'r' => 13,
            >= (byte)'0' and <= (byte)'7' => (byte)(escape - '0'),
            _ => escape,
        };
        return true;
    }

    private bool TryUnescapeHex(int digits, ref int write)
    {
        if (!TryReadHex(digits, out var value))
            return false;
        if (digits == 4 && char.IsHighSurrogate((char)value)
            && _bytes.Length - _at >= 6 && _bytes[_at] == '\\' && _bytes[_at + 1] == 'u')
        {
            var back = _at;
            _at += 2;
            if (TryReadHex(4, out var low) && char.IsLowSurrogate((char)low))
                value = char.ConvertToUtf32((char)value, (char)low);
            else
                _at = back;
        }
        var rune = Rune.IsValid(value) ? new Rune(value) : Rune.ReplacementChar;
        write += rune.EncodeToUtf8(_bytes[write..]);
        return true;
    }

    private bool TryReadHex(int digits, out int value)
    {
        value = 0;
        if (_bytes.Length - _at < digits)
            return false;
        for (var end = _at + digits; _at < end; _at++)
        {
            var digit = _bytes[_at];
            if (!char.IsAsciiHexDigit((char)digit))
                return false;
            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }
        return true;
    }

    // Only finds the end: what stands inside is nobody's header field. Keys may be objects; commas and colons need no care.
    private bool SkipComposite()
    {
        var depth = 0;
        while (_at < _bytes.Length)
        {
            switch (_bytes[_at])
            {
                case (byte)'{' or (byte)'[':
                    if (++depth > MaxDepth)
                        return false;
                    break;
                case (byte)'}' or (byte)']':
                    if (--depth == 0)
                    {
                        _at++;
                        return true;
                    }
                    break;
                case (byte)'"' or (byte)'\'':
                    if (!SkipQuoted())
                        return false;
                    continue;
            }
            _at++;
        }
        return false;
    }

    private bool SkipQuoted()
    {
        var quote = _bytes[_at++];
        while (_at < _bytes.Length && _bytes[_at] != quote)
            _at += _bytes[_at] == '\\' ? 2 : 1;
        _at++;
        return _at <= _bytes.Length;
    }
}
