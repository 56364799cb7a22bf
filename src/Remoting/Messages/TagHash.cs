using System.Text;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// The hash of a tag that queue entries carry: Java's <c>String.hashCode</c> over UTF-16 code units, widened with its sign.
/// No tag hashes to 0.
/// </summary>
public static class TagHash
{
    /// <summary>Hash of a tag in UTF-8. Bytes that are not UTF-8 count as U+FFFD, as Java decodes them.</summary>
    public static long Of(ReadOnlySpan<byte> utf8) => Continue(0, utf8);

    /// <summary>The hash of a text of which <paramref name="hash"/> is that of its beginning and <paramref name="utf8"/> the rest.</summary>
    public static int Continue(int hash, ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (at < utf8.Length)
        {
            if (utf8[at] < 0x80)
            {
                hash = (31 * hash) + utf8[at++];
                continue;
            }

            Rune.DecodeFromUtf8(utf8[at..], out var rune, out var used);
            at += used;
            if (rune.IsBmp)
            {
                hash = (31 * hash) + rune.Value;
                continue;
            }

            var value = rune.Value - 0x10000;
            hash = (31 * hash) + 0xD800 + (value >> 10);
            hash = (31 * hash) + 0xDC00 + (value & 0x3FF);
        }

        return hash;
    }

    /// <summary>Hash of a tag as text.</summary>
    public static long Of(ReadOnlySpan<char> tag)
    {
        var hash = 0;
        foreach (var unit in tag)
            hash = (31 * hash) + unit;
        return hash;
    }
}
