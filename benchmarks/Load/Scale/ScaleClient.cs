using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>
/// An MQTT client that blocks: of all clients that .NET offers the one that takes the least of the machine from the server.
/// Used by one thread at a time.
/// </summary>
internal sealed class ScaleClient : IDisposable
{
    private const int ConnectAcknowledgement = 2;

    private readonly Socket _socket;
    private byte[] _buffer = [];
    private int _from;
    private int _to;

    private ScaleClient(Socket socket) => _socket = socket;

    /// <summary>For reading without cutting packets.</summary>
    public Socket Socket => _socket;

    /// <summary>Connects, and sends more than the CONNECT at once where something is given; waits for the CONNACK.</summary>
    public static ScaleClient Open(int port, string clientId, bool isKept = false, ReadOnlySpan<byte> more = default)
        => Open(port, [.. MqttPackets.ConnectPacket(clientId, isKept), .. more]);

    /// <summary>Connects with a CONNECT of the caller's.</summary>
    public static ScaleClient Open(int port, byte[] connect)
    {
        var client = new ScaleClient(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 });
        try
        {
            client._socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            client.Send(connect);
            (int kind, ReadOnlyMemory<byte> body) = client.Receive(firstRead: 64);
            if (kind != ConnectAcknowledgement || body.Span[1] != 0)
                throw new IOException($"CONNECT was answered by a packet of kind {kind}, code {body.Span[1]}");
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends all of it.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[_socket.Send(bytes)..];
    }

    /// <summary>The next packet: its kind, and its body as long as nothing else is received.</summary>
    public (int Kind, ReadOnlyMemory<byte> Body) Receive(int firstRead = 64 * 1024)
    {
        while (true)
        {
            if (TryCut(out int kind, out ReadOnlyMemory<byte> body))
                return (kind, body);
            MakeRoom(firstRead);
            int count = _socket.Receive(_buffer.AsSpan(_to));
            if (count == 0)
                throw new IOException("The server closed the connection.");
            _to += count;
        }
    }

    /// <summary>Whether another whole packet is here already.</summary>
    public bool HasPacket => TryCut(out _, out _, take: false);

    /// <summary>Receives until a packet of a kind.</summary>
    public ReadOnlyMemory<byte> Expect(int kind)
    {
        while (true)
        {
            (int got, ReadOnlyMemory<byte> body) = Receive();
            if (got == kind)
                return body;
        }
    }

    /// <summary>The packet identifier of a PUBLISH above QoS 0.</summary>
    public static ushort IdentifierOf(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt16BigEndian(body[(2 + BinaryPrimitives.ReadUInt16BigEndian(body))..]);

    /// <summary>Says goodbye, so that no will and no error is left behind.</summary>
    public void Leave()
    {
        Send([0xE0, 0]);
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private bool TryCut(out int kind, out ReadOnlyMemory<byte> body, bool take = true)
    {
        kind = 0;
        body = default;
        int at = _from + 1;
        int length = 0;
        for (int shift = 0; ; shift += 7, at++)
        {
            if (at >= _to)
                return false;
            length |= (_buffer[at] & 0x7F) << shift;
            if (_buffer[at] < 0x80)
                break;
        }

        at++;
        if (_to - at < length)
            return false;
        kind = _buffer[_from] >> 4;
        body = _buffer.AsMemory(at, length);
        if (take)
            _from = at + length;
        return true;
    }

    private void MakeRoom(int firstRead)
    {
        if (_from == _to)
            _from = _to = 0;
        if (_to < _buffer.Length)
            return;
        byte[] larger = _from > 0 ? _buffer : new byte[Math.Max(firstRead, _buffer.Length * 2)];
        _buffer.AsSpan(_from, _to - _from).CopyTo(larger);
        _buffer = larger;
        (_from, _to) = (0, _to - _from);
    }
}
