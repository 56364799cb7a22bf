using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>
/// A remoting connection with one request at a time and JSON headers, written apart from the product's codec so that a
/// fault of that codec cannot hide itself.
/// </summary>
/// <remarks>
/// <code>
/// | total length 4 | serialization 1 = 0, header length 3 | JSON header | body |
/// </code>
/// </remarks>
internal sealed class RawRemoting : IDisposable
{
    private const int Version = 317;

    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private int _opaque;

    private RawRemoting(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>The connection itself, for tests that send what no client would.</summary>
    public NetworkStream Stream => _stream;

    /// <summary>Connects to loopback.</summary>
    public static async Task<RawRemoting> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return new RawRemoting(client);
    }

    /// <summary>The bytes of a request.</summary>
    public static byte[] Frame(int code, int opaque, IEnumerable<(string Name, string Value)> fields, ReadOnlySpan<byte> body, bool oneWay = false)
    {
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new
        {
            code,
            extFields = fields.ToDictionary(field => field.Name, field => field.Value),
            flag = oneWay ? 2 : 0,
            language = "OTHER",
            opaque,
            serializeTypeCurrentRPC = "JSON",
            version = Version,
        });
        byte[] frame = new byte[8 + header.Length + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), header.Length);
        header.CopyTo(frame, 8);
        body.CopyTo(frame.AsSpan(8 + header.Length));
        return frame;
    }

    /// <summary>One request and its answer.</summary>
    /// <exception cref="IOException">The connection ended before the answer.</exception>
    public async Task<RawAnswer> AskAsync(int code, IEnumerable<(string Name, string Value)> fields, ReadOnlyMemory<byte> body = default)
    {
        int opaque = ++_opaque;
        await _stream.WriteAsync(Frame(code, opaque, fields, body.Span));
        while (true)
        {
            (int answered, RawAnswer answer) = await ReadAsync();
            if (answered == opaque)
            {
                return answer;
            }
        }
    }

    /// <summary>A request without an answer.</summary>
    public async Task TellAsync(int code, IEnumerable<(string Name, string Value)> fields)
        => await _stream.WriteAsync(Frame(code, ++_opaque, fields, default, oneWay: true));

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<(int Opaque, RawAnswer Answer)> ReadAsync()
    {
        byte[] lengths = new byte[8];
        await _stream.ReadExactlyAsync(lengths);
        byte[] rest = new byte[BinaryPrimitives.ReadInt32BigEndian(lengths) - 4];
        await _stream.ReadExactlyAsync(rest);
        int headerLength = BinaryPrimitives.ReadInt32BigEndian(lengths.AsSpan(4)) & 0xFF_FFFF;
        using JsonDocument header = JsonDocument.Parse(Encoding.UTF8.GetString(rest, 0, headerLength));
        JsonElement root = header.RootElement;
        Dictionary<string, string> fields = [];
        if (root.TryGetProperty("extFields", out JsonElement given))
        {
            foreach (JsonProperty field in given.EnumerateObject())
            {
                fields[field.Name] = field.Value.ToString();
            }
        }

        string? remark = root.TryGetProperty("remark", out JsonElement text) ? text.GetString() : null;
        return (root.GetProperty("opaque").GetInt32(), new RawAnswer(root.GetProperty("code").GetInt32(), remark, fields, rest[headerLength..]));
    }
}
