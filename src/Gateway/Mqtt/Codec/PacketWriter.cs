using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>Writes the fields of one packet into a span whose size was computed before.</summary>
public ref struct PacketWriter
{
    private readonly Span<byte> _target;

    /// <summary>Begins at the first byte.</summary>
    public PacketWriter(Span<byte> target)
    {
        _target = target;
        Written = 0;
    }

    /// <summary>Bytes written so far.</summary>
    public int Written { get; private set; }

    public void WriteByte(byte value) => _target[Written++] = value;

    public void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_target[Written..], value);
        Written += 2;
    }

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_target[Written..], value);
        Written += 4;
    }

    public void WriteVariableInteger(uint value)
    {
        while (value >= 0x80)
        {
            WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        WriteByte((byte)value);
    }

    /// <summary>Two bytes of length, then the bytes: a string or binary data.</summary>
    public void WriteBinary(scoped ReadOnlySpan<byte> bytes)
    {
        WriteUInt16(checked((ushort)bytes.Length));
        WriteBytes(bytes);
    }

    public void WriteString(string text)
    {
        int size = Encoding.UTF8.GetBytes(text, _target[(Written + 2)..]);
        WriteUInt16(checked((ushort)size));
        Written += size;
    }

    public void WriteBytes(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_target[Written..]);
        Written += bytes.Length;
    }

    /// <summary>Property length and properties.</summary>
    public void WriteProperties(PropertyBlock properties)
    {
        WriteVariableInteger((uint)properties.Bytes.Length);
        WriteBytes(properties.Bytes.Span);
    }

    /// <summary>How many bytes a variable byte integer takes.</summary>
    public static int SizeOfVariableInteger(uint value) => value switch
    {
        < 0x80 => 1,
        < 0x4000 => 2,
        < 0x20_0000 => 3,
        _ => 4,
    };

    /// <summary>How many bytes a string takes with its length.</summary>
    public static int SizeOfString(string text) => 2 + Encoding.UTF8.GetByteCount(text);

    /// <summary>How many bytes properties take with their length.</summary>
    public static int SizeOfProperties(PropertyBlock properties)
        => SizeOfVariableInteger((uint)properties.Bytes.Length) + properties.Bytes.Length;
}
