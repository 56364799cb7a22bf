using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Benchmarks.Load.Remoting;

/// <summary>The bytes of a send request (310), made once; only the opaque changes from send to send.</summary>
/// <remarks>
/// <code>
/// | total length 4 | serialization 1, header length 3 | header | body |
/// </code>
/// Written here again, apart from the product's own codec, so that a fault there cannot hide itself.
/// </remarks>
internal sealed class SendFrame
{
    private const int CreateTopicCode = 17;
    private const int SendCode = 310;
    private const int PullCode = 11;
    private const int Version = 317;
    private const int FirstOpaque = 1_000_000_000;
    private const int BinaryOpaqueAt = 4 + 4 + 2 + 1 + 2;
    private const byte OtherLanguage = 7;

    private readonly byte[] _bytes;
    private readonly int _opaqueAt;
    private readonly bool _binary;
    private int _opaque = FirstOpaque;

    private SendFrame(byte[] bytes, int opaqueAt, bool binary)
    {
        _bytes = bytes;
        _opaqueAt = opaqueAt;
        _binary = binary;
    }

    /// <summary>A send of a body of so many bytes to a queue.</summary>
    public static SendFrame Send(string topic, int queue, int size, bool binary)
        => Make(SendCode, Fields(topic, queue), new string('x', size), binary);

    /// <summary>The creation of a topic.</summary>
    public static SendFrame CreateTopic(string topic, int queues)
        => Make(
            CreateTopicCode,
            [("topic", topic), ("defaultTopic", "TBW102"), ("readQueueNums", $"{queues}"), ("writeQueueNums", $"{queues}"), ("perm", "6"),
                ("topicFilterType", "SINGLE_TAG"), ("topicSysFlag", "0"), ("order", "false")],
            string.Empty,
            binary: false);

    /// <summary>A pull of up to 32 messages of a queue, without waiting.</summary>
    public static SendFrame Pull(string topic, int queue, long offset)
        => Make(
            PullCode,
            [("consumerGroup", "load"), ("topic", topic), ("queueId", $"{queue}"), ("queueOffset", $"{offset}"), ("maxMsgNums", "32"),
                ("sysFlag", "4"), ("commitOffset", "0"), ("suspendTimeoutMillis", "0"), ("subscription", "*"), ("subVersion", "0")],
            string.Empty,
            binary: false);

    /// <summary>The bytes of the next request; good until the next call.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        _opaque = _opaque == int.MaxValue ? FirstOpaque : _opaque + 1;
        if (_binary)
        {
            BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(_opaqueAt), _opaque);
        }
        else
        {
            // Ten digits always, so that the length stays.
            _opaque.TryFormat(_bytes.AsSpan(_opaqueAt, 10), out _, default, null);
        }

        return _bytes;
    }

    private static (string Name, string Value)[] Fields(string topic, int queue)
        => [("a", "load"), ("b", topic), ("c", "TBW102"), ("d", "8"), ("e", $"{queue}"), ("f", "0"), ("g", "1700000000000"),
            ("h", "0"), ("i", string.Empty), ("j", "0"), ("k", "false"), ("m", "false")];

    private static SendFrame Make(int code, (string Name, string Value)[] fields, string body, bool binary)
    {
        byte[] header = binary ? BinaryHeader(code, fields) : JsonHeader(code, fields);
        byte[] bytes = new byte[8 + header.Length + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), header.Length | (binary ? 1 << 24 : 0));
        header.CopyTo(bytes, 8);
        Encoding.ASCII.GetBytes(body, bytes.AsSpan(8 + header.Length));
        int opaqueAt = binary ? BinaryOpaqueAt : bytes.AsSpan().IndexOf("\"opaque\":"u8) + 9;
        return new SendFrame(bytes, opaqueAt, binary);
    }

    private static byte[] JsonHeader(int code, (string Name, string Value)[] fields)
    {
        string text = string.Join(',', fields.Select(field => $"\"{field.Name}\":\"{field.Value}\""));
        return Encoding.ASCII.GetBytes(
            $"{{\"code\":{code},\"extFields\":{{{text}}},\"flag\":0,\"language\":\"OTHER\",\"opaque\":{FirstOpaque},"
            + $"\"serializeTypeCurrentRPC\":\"JSON\",\"version\":{Version}}}");
    }

    private static byte[] BinaryHeader(int code, (string Name, string Value)[] fields)
    {
        using var stream = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        WriteShort(stream, number, code);
        stream.WriteByte(OtherLanguage);
        WriteShort(stream, number, Version);
        WriteInt(stream, number, FirstOpaque);
        WriteInt(stream, number, 0);
        WriteInt(stream, number, 0);
        WriteInt(stream, number, fields.Sum(field => 2 + field.Name.Length + 4 + field.Value.Length));
        foreach ((string name, string value) in fields)
        {
            WriteShort(stream, number, name.Length);
            stream.Write(Encoding.ASCII.GetBytes(name));
            WriteInt(stream, number, value.Length);
            stream.Write(Encoding.ASCII.GetBytes(value));
        }

        return stream.ToArray();
    }

    private static void WriteShort(MemoryStream stream, Span<byte> number, int value)
    {
        BinaryPrimitives.WriteInt16BigEndian(number, (short)value);
        stream.Write(number[..2]);
    }

    private static void WriteInt(MemoryStream stream, Span<byte> number, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(number, value);
        stream.Write(number);
    }
}
