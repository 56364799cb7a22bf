using System.Net;
using System.Net.Sockets;
using System.Text;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>A connection on which a test writes bytes that no HTTP client would.</summary>
internal sealed class RawHttp : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly StringBuilder _read = new();

    public static async Task<RawHttp> ConnectAsync(IPEndPoint endPoint)
    {
        var raw = new RawHttp();
        await raw._socket.ConnectAsync(endPoint);
        return raw;
    }

    public async Task WriteAsync(string text) => await _socket.SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads until the text has come; everything read so far.</summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        while (!_read.ToString().Contains(text, StringComparison.Ordinal) && await ReadSomeAsync($"'{text}' from the server; so far '{_read}'"))
        {
        }

        return _read.ToString();
    }

    public Task<string> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    /// <summary>Reads until the server closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await ReadSomeAsync("the end of the connection"))
        {
        }

        return _read.ToString();
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> ReadSomeAsync(string what)
    {
        var buffer = new byte[4096];
        int length;
        try
        {
            length = await _socket.ReceiveAsync(buffer).Within(what);
        }
        catch (SocketException closed) when (closed.SocketErrorCode == SocketError.ConnectionReset)
        {
            return false;
        }

        _read.Append(Encoding.Latin1.GetString(buffer, 0, length));
        return length > 0;
    }
}
