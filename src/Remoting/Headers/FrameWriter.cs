using System.Buffers;
using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Frames;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// Writes the two words and the header of a frame; the body is written behind it by the caller. Holds reused buffers
/// and is not thread-safe: a connection uses its own under its write lock.
/// </summary>
public sealed class FrameWriter
{
    private readonly ArrayBufferWriter<byte> _header = new(1024);

    /// <summary>The fields of the frame being written; reset by <see cref="Write"/>.</summary>
    public HeaderFieldsWriter Fields { get; } = new();

    /// <summary>Writes the frame up to its body.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="start">Code, opaque and so on.</param>
    /// <param name="remark">Text for an error, or absent.</param>
    /// <param name="hasFields">Whether JSON gets a fields object even when it is empty.</param>
    /// <param name="bodyLength">How many bytes the caller writes next.</param>
    /// <returns>How many bytes were written.</returns>
    public int Write(IBufferWriter<byte> output, in HeaderStart start, HeaderText remark, bool hasFields, int bodyLength)
    {
        _header.ResetWrittenCount();
        Fields.Sort(binary: start.Serialization == SerializeType.RocketMq);
        if (start.Serialization == SerializeType.Json)
            JsonHeaderWriter.Write(_header, start, remark, hasFields, Fields);
        else
            BinaryHeaderWriter.Write(_header, start, remark, Fields);
        Fields.Reset();

        var header = _header.WrittenSpan;
        if (header.Length > 0xFFFFFF)
            throw new RemotingException($"a header of {header.Length} bytes does not fit a frame");
        var span = output.GetSpan(FrameCutter.PrefixLength + header.Length);
        BinaryPrimitives.WriteInt32BigEndian(span, checked(4 + header.Length + bodyLength));
        BinaryPrimitives.WriteInt32BigEndian(span[4..], ((int)start.Serialization << 24) | header.Length);
        header.CopyTo(span[FrameCutter.PrefixLength..]);
        output.Advance(FrameCutter.PrefixLength + header.Length);
        return FrameCutter.PrefixLength + header.Length;
    }
}
