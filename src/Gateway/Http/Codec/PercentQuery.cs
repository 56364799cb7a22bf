using System.Text;
using System.Text.Unicode;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Walks a query string without building a collection. <code>?name=value&amp;name=value</code>
/// Names are compared as they stand; values are decoded on demand.
/// </summary>
internal ref struct PercentQuery
{
    private ReadOnlySpan<char> _rest;

    public PercentQuery(ReadOnlySpan<char> query)
    {
        _rest = query.StartsWith("?") ? query[1..] : query;
        Name = default;
        Value = default;
    }

    public ReadOnlySpan<char> Name { get; private set; }

    /// <summary>Still encoded.</summary>
    public ReadOnlySpan<char> Value { get; private set; }

    /// <summary>Room that decoding a query of that length needs.</summary>
    public static int MaxDecoded(int length) => Encoding.UTF8.GetMaxByteCount(length);

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf('&');
            ReadOnlySpan<char> pair = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            if (pair.IsEmpty)
                continue;

            int middle = pair.IndexOf('=');
            Name = middle < 0 ? pair : pair[..middle];
            Value = middle < 0 ? default : pair[(middle + 1)..];
            return true;
        }

        return false;
    }

    /// <summary>Decodes the value as UTF-8 and answers its length.</summary>
    /// <exception cref="RefusalException">Half an escape, or no UTF-8.</exception>
    public readonly int Decode(Span<byte> destination)
    {
        int length = 0;
        for (int i = 0; i < Value.Length; i++)
        {
            char c = Value[i];
            if (c == '%')
            {
                if (i + 2 >= Value.Length || !TryHex(Value[i + 1], out int high) || !TryHex(Value[i + 2], out int low))
                    throw RefusalException.Invalid($"The query parameter {Name.ToString()} has a % that two hexadecimal digits do not follow.");

                destination[length++] = (byte)((high << 4) | low);
                i += 2;
            }
            else if (c < 0x80)
            {
                destination[length++] = c == '+' ? (byte)' ' : (byte)c;
            }
            else
            {
                Rune.DecodeFromUtf16(Value[i..], out Rune rune, out int used);
                length += rune.EncodeToUtf8(destination[length..]);
                i += used - 1;
            }
        }

        if (!Utf8.IsValid(destination[..length]))
            throw RefusalException.Invalid($"The query parameter {Name.ToString()} is not UTF-8.");

        return length;
    }

    private static bool TryHex(char c, out int value)
    {
        value = char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
        return char.IsAsciiHexDigit(c);
    }
}
