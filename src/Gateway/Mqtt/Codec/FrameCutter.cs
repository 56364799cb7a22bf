using System.Buffers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>What the cutter found.</summary>
public enum CutResult
{
    /// <summary>The bytes so far may be the beginning of a packet.</summary>
    NeedMore,

    /// <summary>A whole packet.</summary>
    Frame,

    /// <summary>No packet begins like this.</summary>
    Invalid,
}

/// <summary>One whole packet.</summary>
/// <param name="Type">Its kind.</param>
/// <param name="Flags">Lower four bits of the fixed header.</param>
/// <param name="Body">Everything after the fixed header; lives as long as the buffer it was cut from.</param>
public readonly record struct Frame(PacketType Type, byte Flags, ReadOnlySequence<byte> Body);

/// <summary>Cuts packets out of a byte stream.</summary>
/// <remarks>
/// <code>
/// bit   7 6 5 4   3 2 1 0
///      +---------+---------+
///      |  type   |  flags  |  1 byte: known to be wrong before the rest has come
///      +---------+---------+
///      | 1| 7 bits of remaining length |  1 to 4 bytes, low bits first
///      +-------------------------------+
///      | body, remaining length bytes  |
/// </code>
/// </remarks>
public static class FrameCutter
{
    /// <summary>Cuts the first packet off the front of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">Bytes received; moved past the packet when one was cut.</param>
    /// <param name="maximumPacketSize">Largest packet, fixed header included.</param>
    /// <param name="frame">The packet.</param>
    /// <param name="error">Why no packet begins like this.</param>
    public static CutResult TryCut(ref ReadOnlySequence<byte> buffer, int maximumPacketSize, out Frame frame, out ProtocolError error)
    {
        frame = default;
        error = default;
        scoped ReadOnlySpan<byte> head = buffer.FirstSpan;
        Span<byte> copy = stackalloc byte[5];
        if (head.Length < 5 && buffer.Length > head.Length)
        {
            int count = (int)Math.Min(5, buffer.Length);
            buffer.Slice(0, count).CopyTo(copy);
            head = copy[..count];
        }

        if (head.IsEmpty)
            return CutResult.NeedMore;

        var type = (PacketType)(head[0] >> 4);
        byte flags = (byte)(head[0] & 0x0F);
        if (!FlagsAllowed(type, flags))
        {
            error = ProtocolError.Malformed($"fixed header 0x{head[0]:X2} is of no packet");
            return CutResult.Invalid;
        }

        CutResult lengthResult = ReadLength(head[1..], out int length, out int lengthSize);
        if (lengthResult != CutResult.Frame)
        {
            if (lengthResult == CutResult.Invalid)
                error = ProtocolError.Malformed("remaining length is not a variable byte integer of at most four bytes");
            return lengthResult;
        }

        int headerSize = 1 + lengthSize;
        if (headerSize + (long)length > maximumPacketSize)
        {
            error = new ProtocolError(ReasonCode.PacketTooLarge, $"packet of {headerSize + (long)length} bytes; the limit is {maximumPacketSize}");
            return CutResult.Invalid;
        }

        if (buffer.Length < headerSize + length)
            return CutResult.NeedMore;

        frame = new Frame(type, flags, buffer.Slice(headerSize, length));
        buffer = buffer.Slice(frame.Body.End);
        return CutResult.Frame;
    }

    /// <summary>Flags are fixed but for PUBLISH [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1].</summary>
    private static bool FlagsAllowed(PacketType type, byte flags) => type switch
    {
        PacketType.Will => false,
        PacketType.Publish => (flags & 6) != 6 && (flags & 0x0E) != 8,
        PacketType.Pubrel or PacketType.Subscribe or PacketType.Unsubscribe => flags == 2,
        _ => flags == 0,
    };

    private static CutResult ReadLength(ReadOnlySpan<byte> bytes, out int length, out int size)
    {
        length = 0;
        for (size = 0; size < 4;)
        {
            if (size == bytes.Length)
                return CutResult.NeedMore;
            byte next = bytes[size];
            length |= (next & 0x7F) << (7 * size);
            size++;
            if ((next & 0x80) == 0)
                return next == 0 && size > 1 ? CutResult.Invalid : CutResult.Frame;
        }

        return CutResult.Invalid;
    }
}
