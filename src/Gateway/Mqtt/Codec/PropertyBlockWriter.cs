using System.Buffers;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>Collects properties for a packet. Reused: <see cref="Clear"/> keeps the memory.</summary>
public sealed class PropertyBlockWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(64);

    /// <summary>What was added so far; valid until the next change.</summary>
    public PropertyBlock Block => new(_bytes.WrittenMemory);

    public void Clear() => _bytes.ResetWrittenCount();

    /// <summary>Adds a number in the form its property has.</summary>
    public PropertyBlockWriter Add(PropertyId id, uint number)
    {
        var writer = new PacketWriter(_bytes.GetSpan(8));
        writer.WriteByte((byte)id);
        switch (PropertyRules.KindOf(id))
        {
            case PropertyKind.Flag: writer.WriteByte((byte)number); break;
            case PropertyKind.UInt16: writer.WriteUInt16((ushort)number); break;
            case PropertyKind.UInt32: writer.WriteUInt32(number); break;
            case PropertyKind.VariableInteger: writer.WriteVariableInteger(number); break;
            default: throw new ArgumentException($"{id} is not a number", nameof(id));
        }

        _bytes.Advance(writer.Written);
        return this;
    }

    /// <summary>Adds a string or binary data.</summary>
    public PropertyBlockWriter Add(PropertyId id, ReadOnlySpan<byte> value)
    {
        var writer = new PacketWriter(_bytes.GetSpan(3 + value.Length));
        writer.WriteByte((byte)id);
        writer.WriteBinary(value);
        _bytes.Advance(writer.Written);
        return this;
    }

    /// <summary>Adds a string.</summary>
    public PropertyBlockWriter Add(PropertyId id, string value) => Add(id, Encoding.UTF8.GetBytes(value));

    /// <summary>Adds a user property.</summary>
    public PropertyBlockWriter AddUser(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var writer = new PacketWriter(_bytes.GetSpan(5 + name.Length + value.Length));
        writer.WriteByte((byte)PropertyId.UserProperty);
        writer.WriteBinary(name);
        writer.WriteBinary(value);
        _bytes.Advance(writer.Written);
        return this;
    }
}
