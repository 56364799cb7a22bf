using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>An MQTT 3.1.1 publisher written by hand, so that a test knows exactly which publish was acknowledged when.</summary>
internal sealed class RawMqtt : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private ushort _identifier;

    private RawMqtt(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>Connects, with a clean session and no keep-alive.</summary>
    public static async Task<RawMqtt> ConnectAsync(int port, string clientId)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        var mqtt = new RawMqtt(client);
        byte[] id = Encoding.UTF8.GetBytes(clientId);
        await mqtt._stream.WriteAsync(
            (byte[])[0x10, (byte)(12 + id.Length), 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 0, 0, (byte)id.Length, .. id]);
        (byte type, byte[] body) = await mqtt.ReadAsync();
        Assert.True(type == 0x20 && body[1] == 0, $"CONNECT was answered with {type:X2} {Convert.ToHexString(body)}");
        return mqtt;
    }

    /// <summary>Publishes at QoS 1 without waiting.</summary>
    /// <returns>The packet identifier.</returns>
    public async Task<ushort> SendAsync(string topic, ReadOnlyMemory<byte> body)
    {
        _identifier = _identifier == ushort.MaxValue ? (ushort)1 : (ushort)(_identifier + 1);
        byte[] name = Encoding.UTF8.GetBytes(topic);
        List<byte> packet = [0x32];
        int remaining = 2 + name.Length + 2 + body.Length;
        do
        {
            packet.Add((byte)((remaining & 0x7F) | (remaining > 0x7F ? 0x80 : 0)));
            remaining >>= 7;
        }
        while (remaining > 0);
        packet.AddRange([(byte)(name.Length >> 8), (byte)name.Length, .. name, (byte)(_identifier >> 8), (byte)_identifier, .. body.Span]);
        await _stream.WriteAsync(packet.ToArray());
        return _identifier;
    }

    /// <summary>The packet identifier of the next acknowledgement.</summary>
    public async Task<ushort> AcknowledgedAsync()
    {
        while (true)
        {
            (byte type, byte[] body) = await ReadAsync();
            if (type == 0x40)
            {
                return BinaryPrimitives.ReadUInt16BigEndian(body);
            }
        }
    }

    /// <summary>Publishes at QoS 1 and waits for the acknowledgement.</summary>
    public async Task PublishAsync(string topic, string body)
    {
        ushort sent = await SendAsync(topic, Encoding.UTF8.GetBytes(body));
        while (await AcknowledgedAsync() != sent)
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<(byte Type, byte[] Body)> ReadAsync()
    {
        byte[] one = new byte[1];
        await _stream.ReadExactlyAsync(one);
        byte type = one[0];
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            await _stream.ReadExactlyAsync(one);
            length |= (one[0] & 0x7F) << shift;
            if (one[0] < 0x80)
            {
                break;
            }
        }

        byte[] body = new byte[length];
        await _stream.ReadExactlyAsync(body);
        return (type, body);
    }
}
