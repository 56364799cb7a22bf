using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// A decoded header. One object serves all frames of a connection in turn: decoding allocates nothing once its
/// buffer has grown to the connection's usual header length.
/// </summary>
public sealed class RemotingHeader
{
    private const int RetainedBytes = 64 * 1024;

    private byte[] _bytes = new byte[1024];

    /// <summary>Request or response code.</summary>
    public int Code { get; internal set; }

    /// <summary>What the sender is written in.</summary>
    public LanguageCode Language { get; internal set; }

    /// <summary>The sender's protocol version: RocketMQ's version ordinal.</summary>
    public int Version { get; internal set; }

    /// <summary>Correlates a response with its request.</summary>
    public int Opaque { get; internal set; }

    /// <summary>Request, response, one-way.</summary>
    public HeaderFlags Flags { get; internal set; }

    /// <summary>The form the header came in, and in which it is answered.</summary>
    public SerializeType Serialization { get; private set; }

    /// <summary>Text that explains an error; borrowed.</summary>
    public HeaderText Remark { get; private set; }

    /// <summary>The named fields; borrowed.</summary>
    public HeaderFields Fields { get; } = new();

    /// <summary>Whether the frame answers a request.</summary>
    public bool IsResponse => (Flags & HeaderFlags.Response) != 0;

    /// <summary>Whether the sender wants no answer.</summary>
    public bool IsOneWay => (Flags & HeaderFlags.OneWay) != 0;

    /// <summary>Decodes the header of a frame into this object.</summary>
    /// <returns>Null, or what is wrong: then the peer does not speak the protocol.</returns>
    public string? Decode(in Frame frame)
    {
        var length = checked((int)frame.Header.Length);
        if (_bytes.Length < length || (_bytes.Length > RetainedBytes && length <= RetainedBytes))
            _bytes = new byte[Math.Max(1024, length)];
        frame.Header.CopyTo(_bytes);

        Code = 0;
        Language = LanguageCode.Java;
        Version = 0;
        Opaque = 0;
        Flags = HeaderFlags.Request;
        Remark = default;
        Serialization = frame.Serialization;
        Fields.Reset(_bytes);
        return frame.Serialization == SerializeType.Json
            ? JsonHeaderReader.Read(_bytes, length, this)
            : BinaryHeaderReader.Read(_bytes, length, this);
    }

    internal void SetRemark(int start, int length) => Remark = new HeaderText(_bytes.AsMemory(start, length));

    /// <inheritdoc/>
    public override string ToString() => $"code {Code} opaque {Opaque} flags {Flags} remark {Encoding.UTF8.GetString(Remark.Span)}";
}
