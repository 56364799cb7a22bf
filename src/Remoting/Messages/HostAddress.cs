using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// A host as the message record keeps it: an IPv4 or IPv6 address and a port, without an object on the heap.
/// <code>
///  IPv4   | address 4 | port 4 |          IPv6   | address 16 | port 4 |
/// </code>
/// All integers are big-endian; the port takes four bytes.
/// </summary>
public readonly struct HostAddress : IEquatable<HostAddress>
{
    /// <summary>Encoded size of an IPv4 host.</summary>
    public const int V4Size = 8;

    /// <summary>Encoded size of an IPv6 host.</summary>
    public const int V6Size = 20;

    private readonly UInt128 _address;
    private readonly int _port;
    private readonly bool _isV6;

    private HostAddress(UInt128 address, int port, bool isV6)
    {
        _address = address;
        _port = port;
        _isV6 = isV6;
    }

    /// <summary>127.0.0.1 with the port given.</summary>
    public static HostAddress Loopback(int port) => new(0x7F000001u, port, false);

    /// <summary>True for a 16-byte address.</summary>
    public bool IsV6 => _isV6;

    /// <summary>The port.</summary>
    public int Port => _port;

    /// <summary>Encoded size: 8 or 20 bytes.</summary>
    public int Size => _isV6 ? V6Size : V4Size;

    /// <summary>From a socket address; an IPv4 address mapped into IPv6 becomes IPv4, as Java shows it.</summary>
    public static HostAddress From(IPEndPoint endPoint) => From(endPoint.Address, endPoint.Port);

    /// <summary>From an address and a port; an IPv4 address mapped into IPv6 becomes IPv4.</summary>
    public static HostAddress From(IPAddress address, int port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return new HostAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes), port, false);
        if (address.IsIPv4MappedToIPv6)
            return new HostAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..written]), port, false);
        return new HostAddress(BinaryPrimitives.ReadUInt128BigEndian(bytes), port, true);
    }

    /// <summary>Reads the encoded form: <see cref="V4Size"/> or <see cref="V6Size"/> bytes.</summary>
    public static HostAddress Read(ReadOnlySpan<byte> bytes) => bytes.Length >= V6Size
        ? new HostAddress(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), true)
        : new HostAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[4..]), false);

    /// <summary>Writes the encoded form and returns its size.</summary>
    public int Write(Span<byte> destination)
    {
        if (_isV6)
        {
            BinaryPrimitives.WriteUInt128BigEndian(destination, _address);
            BinaryPrimitives.WriteInt32BigEndian(destination[16..], _port);
            return V6Size;
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_address);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], _port);
        return V4Size;
    }

    /// <summary>As a socket address; a port outside 0..65535 (from a damaged record) becomes 0.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[V6Size];
        Write(bytes);
        return new IPEndPoint(new IPAddress(bytes[..(_isV6 ? 16 : 4)]), (uint)_port <= 65535 ? _port : 0);
    }

    /// <summary><c>address:port</c>.</summary>
    public override string ToString() => ToEndPoint().ToString();

    /// <inheritdoc/>
    public bool Equals(HostAddress other) => _address == other._address && _port == other._port && _isV6 == other._isV6;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HostAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_address, _port, _isV6);

    /// <summary>Same address and port.</summary>
    public static bool operator ==(HostAddress left, HostAddress right) => left.Equals(right);

    /// <summary>Another address or port.</summary>
    public static bool operator !=(HostAddress left, HostAddress right) => !left.Equals(right);
}
