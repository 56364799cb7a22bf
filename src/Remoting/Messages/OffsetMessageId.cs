using System.Buffers.Binary;
using System.Globalization;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// The id by which a broker finds a message: the host that stored it and the physical offset, as upper-case hexadecimal digits.
/// <code>
///  IPv4: | address 4 | port 4 | offset 8 |  32 digits        IPv6: | address 16 | port 4 | offset 8 |  56 digits
/// </code>
/// </summary>
public static class OffsetMessageId
{
    /// <summary>Digits of the longest id.</summary>
    public const int MaxLength = (HostAddress.V6Size + 8) * 2;

    /// <summary>Writes the id as UTF-8 and returns its length.</summary>
    public static int Write(Span<byte> destination, HostAddress host, long physicalOffset)
    {
        Span<byte> bytes = stackalloc byte[HostAddress.V6Size + 8];
        var size = host.Write(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[size..], physicalOffset);
        Convert.TryToHexString(bytes[..(size + 8)], destination, out var written);
        return written;
    }

    /// <summary>The id as a string.</summary>
    public static string Format(HostAddress host, long physicalOffset)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return System.Text.Encoding.ASCII.GetString(text[..Write(text, host, physicalOffset)]);
    }

    /// <summary>Reads an id of 32 or 56 digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out HostAddress host, out long physicalOffset)
    {
        host = default;
        physicalOffset = 0;
        if (text.Length is not (32 or 56))
            return false;
        Span<byte> bytes = stackalloc byte[text.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!byte.TryParse(text.Slice(i * 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[i]))
                return false;
        }

        host = HostAddress.Read(bytes[..^8]);
        physicalOffset = BinaryPrimitives.ReadInt64BigEndian(bytes[^8..]);
        return true;
    }
}
