using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>What became of cutting a header.</summary>
public enum ProxyCut
{
    /// <summary>More bytes are needed.</summary>
    NeedMore,

    /// <summary>A whole header.</summary>
    Header,

    /// <summary>Bytes that are none.</summary>
    Invalid,
}

/// <summary>
/// The header of the PROXY protocol:
/// <code>
/// 1: "PROXY TCP4 source destination port port\r\n", at most 107 bytes; "PROXY UNKNOWN ...\r\n" names nobody
/// 2: | 0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | version:4 = 2, command:4 | family:4, transport:4 | length:2 | addresses | TLVs |
///    command 0 (LOCAL) names nobody; family 1: 4 + 4 bytes and two ports, family 2: 16 + 16 and two ports
/// </code>
/// </summary>
public static class ProxyHeader
{
    /// <summary>Longest header that is taken.</summary>
    public const int MaxLength = 16 + 2048;

    private const int MaxLine = 107;
    private const int FixedLength = 16;

    private static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    private static ReadOnlySpan<byte> LineStart => "PROXY "u8;

    /// <summary>Cuts a header off the front.</summary>
    /// <param name="buffer">What has come so far.</param>
    /// <param name="length">Length of the header.</param>
    /// <param name="source">The client; null when the header names nobody, as for health checks of the proxy.</param>
    public static ProxyCut TryCut(ReadOnlySequence<byte> buffer, out int length, out IPEndPoint? source)
    {
        length = 0;
        source = null;
        Span<byte> head = stackalloc byte[MaxLength];
        head = head[..(int)Math.Min(buffer.Length, MaxLength)];
        buffer.Slice(0, head.Length).CopyTo(head);
        if (IsStartOf(head, LineStart))
            return head.Length < LineStart.Length ? ProxyCut.NeedMore : CutLine(head, out length, out source);
        if (IsStartOf(head, Signature))
            return head.Length < FixedLength ? ProxyCut.NeedMore : CutBinary(head, out length, out source);
        return ProxyCut.Invalid;
    }

    private static bool IsStartOf(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> mark)
    {
        int compared = Math.Min(bytes.Length, mark.Length);
        return bytes[..compared].SequenceEqual(mark[..compared]);
    }

    private static ProxyCut CutLine(ReadOnlySpan<byte> head, out int length, out IPEndPoint? source)
    {
        source = null;
        int end = head[..Math.Min(head.Length, MaxLine)].IndexOf("\r\n"u8);
        length = end + 2;
        if (end < 0)
            return head.Length < MaxLine ? ProxyCut.NeedMore : ProxyCut.Invalid;
        string[] words = Encoding.ASCII.GetString(head[..end]).Split(' ');
        if (words[1] == "UNKNOWN")
            return ProxyCut.Header;
        bool known = words.Length == 6 && words[1] is "TCP4" or "TCP6"
            && TryReadAddress(words[2], words[1] == "TCP6", out IPAddress? address)
            && TryReadAddress(words[3], words[1] == "TCP6", out _)
            && TryReadPort(words[4], out int port) && TryReadPort(words[5], out _)
            && (source = new IPEndPoint(address!, port)) is not null;
        return known ? ProxyCut.Header : ProxyCut.Invalid;
    }

    private static bool TryReadAddress(string word, bool isSix, out IPAddress? address)
        => IPAddress.TryParse(word, out address)
            && (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) == isSix
            && (isSix || address.ToString() == word);

    private static bool TryReadPort(string word, out int port)
        => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue && word.Length is > 0 and <= 5;

    private static ProxyCut CutBinary(ReadOnlySpan<byte> head, out int length, out IPEndPoint? source)
    {
        source = null;
        int rest = BinaryPrimitives.ReadUInt16BigEndian(head[14..]);
        length = FixedLength + rest;
        int command = head[12] & 0xF;
        if (head[12] >> 4 != 2 || command > 1 || length > MaxLength)
            return ProxyCut.Invalid;
        if (head.Length < length)
            return ProxyCut.NeedMore;
        int family = head[13] >> 4;
        int size = family switch { 1 => 4, 2 => 16, _ => 0 };
        // LOCAL, an unspecified family and a socket of the proxy's own machine name nobody.
        if (command == 0 || family is 0 or 3)
            return ProxyCut.Header;
        if (size == 0 || (head[13] & 0xF) != 1 || rest < (2 * size) + 4)
            return ProxyCut.Invalid;
        ReadOnlySpan<byte> addresses = head[FixedLength..];
        source = new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * size)..]));
        return ProxyCut.Header;
    }
}
