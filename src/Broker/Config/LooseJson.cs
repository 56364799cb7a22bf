using System.Buffers;
using System.Text.Json;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>
/// JSON as fastjson writes maps with number keys: <c>{0:15,1:16}</c>. The keys get the quotes that JSON wants.
/// </summary>
public static class LooseJson
{
    /// <summary>Parses; null when it is no JSON even so.</summary>
    public static JsonDocument? Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonDocument.Parse(QuoteKeys(text), new JsonDocumentOptions { MaxDepth = 32, AllowTrailingCommas = true });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The same text with bare number keys in quotes.</summary>
    public static ReadOnlyMemory<byte> QuoteKeys(ReadOnlySpan<byte> text)
    {
        var quoted = new ArrayBufferWriter<byte>(text.Length + 64);
        bool inText = false;
        bool keyMayFollow = false;
        for (int i = 0; i < text.Length; i++)
        {
            byte unit = text[i];
            if (inText)
            {
                int taken = unit == (byte)'\\' && i + 1 < text.Length ? 2 : 1;
                quoted.Write(text.Slice(i, taken));
                i += taken - 1;
                inText = unit != (byte)'"';
                continue;
            }

            if (keyMayFollow && (char.IsAsciiDigit((char)unit) || unit == (byte)'-') && KeyLength(text[i..]) is int length and > 0)
            {
                quoted.Write("\""u8);
                quoted.Write(text.Slice(i, length));
                quoted.Write("\""u8);
                i += length - 1;
                keyMayFollow = false;
                continue;
            }

            inText = unit == (byte)'"';
            keyMayFollow = unit is (byte)'{' or (byte)',' || (keyMayFollow && unit is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r');
            quoted.Write([unit]);
        }

        return quoted.WrittenMemory;
    }

    // Digits that a colon follows; anything else is a value.
    private static int KeyLength(ReadOnlySpan<byte> text)
    {
        int length = text[0] == (byte)'-' ? 1 : 0;
        while (length < text.Length && char.IsAsciiDigit((char)text[length]))
        {
            length++;
        }

        int after = length;
        while (after < text.Length && text[after] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            after++;
        }

        return after < text.Length && text[after] == (byte)':' ? length : 0;
    }
}
