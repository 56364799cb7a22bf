using System.Buffers;
using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Frames;

/// <summary>Cuts remoting frames out of a buffer. Pure: bytes in; a frame, "need more" or a protocol error out.</summary>
/// <remarks>
/// <code>
///  0               4       5                   8              8+H                4+L
///  +---------------+-------+-------------------+---------------+------------------+
///  | L: int32      | type  | H: uint24         | header        | body             |
///  +---------------+-------+-------------------+---------------+------------------+
///  |               |&lt;---- counted by L: 4 + H + length of the body ----------------&gt;|
/// </code>
/// All numbers are big-endian. <c>type</c> is 0 (JSON) or 1 (ROCKETMQ). L counts everything after itself.
/// </remarks>
public static class FrameCutter
{
    /// <summary>The largest L accepted unless an option says otherwise: 16 MiB, as Apache's.</summary>
    public const int DefaultMaxFrameLength = 16 * 1024 * 1024;

    /// <summary>The two words in front of the header.</summary>
    public const int PrefixLength = 8;

    /// <summary>Cuts the first frame off <paramref name="buffer"/>.</summary>
    /// <param name="buffer">Received bytes; advanced behind the frame when one was cut, else unchanged.</param>
    /// <param name="maxFrameLength">The largest accepted L.</param>
    /// <param name="frame">The frame, borrowed from the buffer.</param>
    /// <param name="error">What is wrong, for the one log line.</param>
    public static FrameStatus TryCut(
        ref ReadOnlySequence<byte> buffer, int maxFrameLength, out Frame frame, out string? error)
    {
        frame = default;
        error = null;
        if (buffer.Length < 4)
            return FrameStatus.NeedMore;

        Span<byte> copy = stackalloc byte[PrefixLength];
        var prefix = ReadPrefix(buffer, copy);
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix);
        if (length < 4 || length > maxFrameLength)
        {
            error = $"frame length {length} is outside 4..{maxFrameLength}";
            return FrameStatus.ProtocolError;
        }
        if (prefix.Length < PrefixLength)
            return FrameStatus.NeedMore;

        // Checked before the frame is complete: a wrong header length must not make us wait for its bytes.
        var type = prefix[4];
        var headerLength = BinaryPrimitives.ReadInt32BigEndian(prefix[4..]) & 0xFFFFFF;
        if (type > (byte)SerializeType.RocketMq)
        {
            error = $"serialize type {type} is not known";
            return FrameStatus.ProtocolError;
        }
        if (headerLength > length - 4)
        {
            error = $"header length {headerLength} goes beyond frame length {length}";
            return FrameStatus.ProtocolError;
        }
        if (buffer.Length - 4 < length)
            return FrameStatus.NeedMore;

        frame = new Frame(
            (SerializeType)type,
            buffer.Slice(PrefixLength, headerLength),
            buffer.Slice(PrefixLength + headerLength, length - 4 - headerLength));
        buffer = buffer.Slice(4L + length);
        return FrameStatus.Frame;
    }

    private static ReadOnlySpan<byte> ReadPrefix(in ReadOnlySequence<byte> buffer, Span<byte> copy)
    {
        if (buffer.FirstSpan.Length >= PrefixLength)
            return buffer.FirstSpan[..PrefixLength];
        var available = (int)Math.Min(PrefixLength, buffer.Length);
        buffer.Slice(0, available).CopyTo(copy);
        return copy[..available];
    }
}
