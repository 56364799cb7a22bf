using System.Buffers;
using System.Text;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>
/// Bytes outside a small alphabet as <c>%XX</c> (upper-case hex), and back. Every text has exactly one escape:
/// what another writer would have spelled differently is not an escape.
/// </summary>
internal static class PercentText
{
    private const byte Mark = (byte)'%';

    /// <summary>What stays as it is in a topic name.</summary>
    public static SearchValues<byte> TopicAlphabet { get; } =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"u8);

    private static ReadOnlySpan<byte> Hex => "0123456789ABCDEF"u8;

    /// <summary>Escapes what is not in the alphabet; -1 when the destination is too small.</summary>
    public static int EscapeTopic(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int written = 0;
        foreach (byte value in text)
        {
            if (!Put(value, TopicAlphabet.Contains(value), destination, ref written))
            {
                return -1;
            }
        }

        return written;
    }

    /// <summary>
    /// Escapes what an MQTT topic name cannot have: the wildcards, U+0000, and bytes that are not UTF-8; and the
    /// mark itself. -1 when the destination is too small.
    /// </summary>
    public static int EscapeTag(ReadOnlySpan<byte> tag, Span<byte> destination)
    {
        int written = 0;
        while (!tag.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(tag, out _, out int length);
            for (int i = 0; i < length; i++)
            {
                bool plain = status == OperationStatus.Done && tag[i] is not (Mark or (byte)'+' or (byte)'#' or 0);
                if (!Put(tag[i], plain, destination, ref written))
                {
                    return -1;
                }
            }

            tag = tag[length..];
        }

        return written;
    }

    /// <summary>Takes the escapes out; -1 when there is half an escape, or the destination is too small.</summary>
    public static int Unescape(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int written = 0;
        for (int i = 0; i < text.Length; i++)
        {
            byte value = text[i];
            if (value == Mark)
            {
                if (i + 2 >= text.Length || Hex.IndexOf(text[i + 1]) is not (>= 0 and var high) || Hex.IndexOf(text[i + 2]) is not (>= 0 and var low))
                {
                    return -1;
                }

                value = (byte)((high << 4) | low);
                i += 2;
            }

            if (written == destination.Length)
            {
                return -1;
            }

            destination[written++] = value;
        }

        return written;
    }

    private static bool Put(byte value, bool plain, Span<byte> destination, ref int written)
    {
        int size = plain ? 1 : 3;
        if (destination.Length - written < size)
        {
            return false;
        }

        if (plain)
        {
            destination[written++] = value;
            return true;
        }

        destination[written++] = Mark;
        destination[written++] = Hex[value >> 4];
        destination[written++] = Hex[value & 15];
        return true;
    }
}
