using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>
/// Reads the fields of one packet's body. The first error is kept and every later read gives an empty value, so that
/// decoders are straight lines that ask once at the end.
/// </summary>
public ref struct PacketReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _body;
    private int _position;

    /// <summary>Begins at the first byte.</summary>
    public PacketReader(ReadOnlyMemory<byte> body)
    {
        _memory = body;
        _body = body.Span;
        _position = 0;
        Error = default;
    }

    /// <summary>The first error.</summary>
    public ProtocolError Error { get; private set; }

    /// <summary>Whether something was wrong.</summary>
    public readonly bool Failed => Error.IsError;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _body.Length - _position;

    /// <summary>Keeps an error if it is the first.</summary>
    public void Fail(ReasonCode reason, string text)
    {
        if (!Error.IsError)
            Error = new ProtocolError(reason, text);
        _position = _body.Length;
    }

    /// <summary>Keeps the error "malformed packet".</summary>
    public void Malformed(string text) => Fail(ReasonCode.MalformedPacket, text);

    public byte ReadByte()
    {
        if (!Has(1))
            return 0;
        return _body[_position++];
    }

    public ushort ReadUInt16()
    {
        if (!Has(2))
            return 0;
        ushort value = BinaryPrimitives.ReadUInt16BigEndian(_body[_position..]);
        _position += 2;
        return value;
    }

    public uint ReadUInt32()
    {
        if (!Has(4))
            return 0;
        uint value = BinaryPrimitives.ReadUInt32BigEndian(_body[_position..]);
        _position += 4;
        return value;
    }

    /// <summary>Seven bits a byte, low ones first, at most four bytes, no longer than needed [MQTT-1.5.5-1].</summary>
    public uint ReadVariableInteger()
    {
        uint value = 0;
        for (int shift = 0; shift < 28; shift += 7)
        {
            byte next = ReadByte();
            value |= (uint)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                if (next == 0 && shift > 0)
                    Malformed("variable byte integer is longer than needed");
                return value;
            }
        }

        Malformed("variable byte integer of more than four bytes");
        return 0;
    }

    /// <summary>A packet identifier, which is never 0 [MQTT-2.2.1-3].</summary>
    public ushort ReadPacketId()
    {
        ushort id = ReadUInt16();
        if (id == 0)
            Fail(ReasonCode.ProtocolError, "packet identifier 0");
        return id;
    }

    /// <summary>A UTF-8 string: length, then well-formed UTF-8 without U+0000 and surrogates [MQTT-1.5.4-1] [MQTT-1.5.4-2].</summary>
    public ReadOnlyMemory<byte> ReadUtf8()
    {
        ReadOnlyMemory<byte> text = ReadBinary();
        ReadOnlySpan<byte> bytes = text.Span;
        if (!Utf8.IsValid(bytes) || bytes.Contains((byte)0))
        {
            Malformed("string is not well-formed UTF-8, or has U+0000");
            return default;
        }

        return text;
    }

    /// <summary>A UTF-8 string as text.</summary>
    public string ReadString() => Encoding.UTF8.GetString(ReadUtf8().Span);

    /// <summary>Binary data: two bytes of length, then the bytes.</summary>
    public ReadOnlyMemory<byte> ReadBinary() => ReadBytes(ReadUInt16());

    /// <summary>That many bytes.</summary>
    public ReadOnlyMemory<byte> ReadBytes(int count)
    {
        if (!Has(count))
            return default;
        ReadOnlyMemory<byte> bytes = _memory.Slice(_position, count);
        _position += count;
        return bytes;
    }

    /// <summary>All bytes that are left.</summary>
    public ReadOnlyMemory<byte> ReadRest() => ReadBytes(Remaining);

    /// <summary>Says that the packet ends here.</summary>
    public readonly ProtocolError Finish()
        => !Failed && Remaining > 0 ? ProtocolError.Malformed("bytes left over at the end of the packet") : Error;

    private bool Has(int count)
    {
        if (Remaining >= count)
            return true;
        Malformed("packet ends inside a field");
        return false;
    }
}
