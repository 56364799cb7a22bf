using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Sockets;

/// <summary>An address as the system writes it.</summary>
/// <remarks>
/// <code>
/// IPv4: | family:2 (2) | port:2 | address:4 |
/// IPv6: | family:2 (10) | port:2 | flow:4 | address:16 | scope:4 |
/// </code>
/// The port in the network's order, the rest in the machine's.
/// </remarks>
internal static class SocketName
{
    /// <summary>The longest that is read.</summary>
    public const int MaxSize = 28;

    private const int Family4 = 2;
    private const int Family6 = 10;

    /// <summary>Reads one; null when it is of another family.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> name)
    {
        if (name.Length < 8)
            return null;
        int port = BinaryPrimitives.ReadUInt16BigEndian(name[2..]);
        return MemoryMarshal.Read<ushort>(name) switch
        {
            Family4 => new IPEndPoint(new IPAddress(name.Slice(4, 4)), port),
            Family6 when name.Length == MaxSize => new IPEndPoint(new IPAddress(name.Slice(8, 16), MemoryMarshal.Read<uint>(name[24..])), port),
            _ => null,
        };
    }
}
