using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ProtoBridgeMQ.Tests.Interop.Remoting;

namespace ProtoBridgeMQ.Tests.Interop.BadInput;

/// <summary>What no client would send.</summary>
internal static class Nuisance
{
    /// <summary>By name: bytes that are wrong from the first frame on, for remoting ports.</summary>
    public static IReadOnlyDictionary<string, byte[]> Remoting { get; } = new Dictionary<string, byte[]>
    {
        ["a length of -1"] = Lengths(-1, 0),
        ["a length of 2 GiB"] = Lengths(int.MaxValue, 0),
        ["a length of 0"] = Lengths(0, 0),
        ["a length over the limit"] = Lengths(64 * 1024 * 1024, 0),
        ["a header longer than its frame"] = Lengths(100, 0xFF_FFFF),
        ["an unknown header form"] = Lengths(100, 0x7F << 24),
        ["a header that is no JSON"] = [.. Lengths(4 + 5, 5), .. "{\"a\"["u8],
        ["HTTP"] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
    };

    /// <summary>The same for the MQTT port.</summary>
    public static IReadOnlyDictionary<string, byte[]> Mqtt { get; } = new Dictionary<string, byte[]>
    {
        ["a remaining length of five bytes"] = [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        ["a remaining length of 256 MB"] = [0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0x00],
        ["a publish before the connect"] = [0x30, 0x05, 0x00, 0x01, (byte)'a', (byte)'b', (byte)'c'],
        ["packet type 0"] = [0x00, 0x00],
        ["another protocol's name"] = [0x10, 0x0C, 0x00, 0x04, (byte)'X', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 0, 0, 0],
        ["reserved flags in the connect"] = [0x1F, 0x0C, 0x00, 0x04, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 0, 0, 0],
        ["invalid UTF-8 in a publish"] = [.. Connected("utf"), 0x30, 0x05, 0x00, 0x02, 0xC3, 0x28, 0x41],
        ["a wildcard in a publish"] = [.. Connected("wild"), 0x30, 0x06, 0x00, 0x03, (byte)'a', (byte)'/', (byte)'#', 0x41],
        ["a null character in a publish"] = [.. Connected("null"), 0x30, 0x05, 0x00, 0x02, (byte)'a', 0x00, 0x41],
        ["both quality bits"] = [.. Connected("qos3"), 0x36, 0x07, 0x00, 0x01, (byte)'a', 0x00, 0x01, 0x41, 0x42],
        ["a second connect"] = [.. Connected("twice"), .. Connected("twice")],
        ["HTTP"] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
    };

    /// <summary>A send whose body ends before its length says so.</summary>
    public static byte[] TruncatedSend()
        => RawRemoting.Frame(310, 1, [("a", "g"), ("b", "truncated"), ("e", "0")], Encoding.ASCII.GetBytes(new string('x', 5000)))[..2000];

    /// <summary>Sends bytes and waits until the other side closes the connection.</summary>
    public static async Task<bool> IsClosedAfterAsync(int port, byte[] bytes, TimeSpan patience)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await client.GetStream().WriteAsync(bytes, limit.Token);
            byte[] answer = new byte[4096];
            while (await client.GetStream().ReadAsync(answer, limit.Token) > 0)
            {
            }

            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static byte[] Lengths(int length, int header)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), header);
        return bytes;
    }

    private static byte[] Connected(string clientId)
        => [0x10, (byte)(12 + clientId.Length), 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 0, 0, (byte)clientId.Length, .. Encoding.ASCII.GetBytes(clientId)];
}
