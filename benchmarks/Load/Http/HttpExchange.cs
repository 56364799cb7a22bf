using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;

namespace ProtoBridgeMQ.Benchmarks.Load.Http;

/// <summary>One kept-alive HTTP/1.1 connection with one POST at a time, its bytes made once.</summary>
internal sealed class HttpExchange : IExchange
{
    private readonly Socket _socket;
    private readonly byte[] _request;
    private readonly byte[] _answer = new byte[64 * 1024];

    private HttpExchange(Socket socket, byte[] request)
    {
        _socket = socket;
        _request = request;
    }

    /// <summary>Connects; every exchange posts a body of so many bytes to the path.</summary>
    public static Task<HttpExchange> ConnectAsync(int port, string path, int size)
        => ConnectAsync(port, path, "application/octet-stream", new string('x', size));

    /// <summary>Connects; every exchange posts a batch of so many messages to the path.</summary>
    public static Task<HttpExchange> ConnectAsync(int port, string path, int messages, int size)
    {
        string message = $$"""{"body":"{{new string('x', size)}}"}""";
        return ConnectAsync(port, path, "application/vnd.protobridge+json", $"[{string.Join(',', Enumerable.Repeat(message, messages))}]");
    }

    private static async Task<HttpExchange> ConnectAsync(int port, string path, string type, string body)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        byte[] request = Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        return new HttpExchange(socket, request);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExchangeAsync()
    {
        await _socket.SendAsync(_request);
        int read = 0;
        while (!IsWhole(_answer.AsSpan(0, read)))
        {
            int got = await _socket.ReceiveAsync(_answer.AsMemory(read));
            if (got == 0)
            {
                throw new IOException("The connection was closed before the answer.");
            }

            read += got;
        }

        return _answer.AsSpan(0, read).StartsWith("HTTP/1.1 2"u8);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        int headEnd = answer.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return false;
        }

        int lengthAt = answer[..headEnd].IndexOf("Content-Length: "u8);
        if (lengthAt >= 0)
        {
            return Utf8Parser.TryParse(answer[(lengthAt + 16)..], out int length, out _) && answer.Length >= headEnd + 4 + length;
        }

        return answer.EndsWith("0\r\n\r\n"u8);
    }
}
