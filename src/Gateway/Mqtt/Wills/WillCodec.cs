using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>Wills as bytes, big-endian.</summary>
/// <remarks>
/// <code>
/// | version 1:1 | id:16 | flags:1 | delay seconds:4 | due at:8 | publishing since:8 |
/// | owner, topic, properties, payload: each length:4, bytes |
/// flags: QoS in bits 0 and 1, retain in bit 2
/// </code>
/// </remarks>
public static class WillCodec
{
    private const byte Version = 1;
    private const int Fixed = 1 + 16 + 1 + 4 + 8 + 8;
    private const byte RetainFlag = 4;

    /// <summary>Encodes a will.</summary>
    public static byte[] Encode(KeptWill will)
    {
        var output = new ArrayBufferWriter<byte>(Fixed + 64 + will.Payload.Length);
        Span<byte> head = output.GetSpan(Fixed);
        head[0] = Version;
        will.Id.TryWriteBytes(head[1..], bigEndian: true, out _);
        head[17] = (byte)(will.Qos | (will.Retain ? RetainFlag : 0));
        BinaryPrimitives.WriteUInt32BigEndian(head[18..], will.DelaySeconds);
        BinaryPrimitives.WriteInt64BigEndian(head[22..], will.DueAt);
        BinaryPrimitives.WriteInt64BigEndian(head[30..], will.PublishingSince);
        output.Advance(Fixed);
        Write(output, Encoding.UTF8.GetBytes(will.Owner));
        Write(output, will.Topic.Span);
        Write(output, will.Properties.Span);
        Write(output, will.Payload.Span);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Decodes a will; null when the bytes are not one.</summary>
    public static KeptWill? Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < Fixed || bytes.Span[0] != Version)
            return null;
        ReadOnlySpan<byte> head = bytes.Span;
        ReadOnlyMemory<byte> rest = bytes[Fixed..];
        bool whole = Read(ref rest, out ReadOnlyMemory<byte> owner)
            & Read(ref rest, out ReadOnlyMemory<byte> topic)
            & Read(ref rest, out ReadOnlyMemory<byte> properties)
            & Read(ref rest, out ReadOnlyMemory<byte> payload);
        return !whole || !rest.IsEmpty
            ? null
            : new KeptWill
            {
                Id = new Guid(head.Slice(1, 16), bigEndian: true),
                Owner = Encoding.UTF8.GetString(owner.Span),
                Topic = topic,
                Payload = payload,
                Qos = (byte)(head[17] & 3),
                Retain = (head[17] & RetainFlag) != 0,
                Properties = properties,
                DelaySeconds = BinaryPrimitives.ReadUInt32BigEndian(head[18..]),
                DueAt = BinaryPrimitives.ReadInt64BigEndian(head[22..]),
                PublishingSince = BinaryPrimitives.ReadInt64BigEndian(head[30..]),
            };
    }

    private static void Write(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), bytes.Length);
        output.Advance(4);
        output.Write(bytes);
    }

    private static bool Read(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (rest.Length < 4)
            return false;
        int length = BinaryPrimitives.ReadInt32BigEndian(rest.Span);
        if (length < 0 || rest.Length - 4 < length)
            return false;
        bytes = rest.Slice(4, length);
        rest = rest[(4 + length)..];
        return true;
    }
}
