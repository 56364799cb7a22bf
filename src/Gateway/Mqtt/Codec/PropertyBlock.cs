using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>The properties of one packet: a view over bytes that <see cref="PropertyRules.ReadBlock"/> judged, or
/// that <see cref="PropertyBlockWriter"/> wrote. Nothing is unpacked that nobody asks for.</summary>
/// <remarks>Lifetime: that of the bytes.</remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1710", Justification = "A view over bytes, not a collection to be filled.")]
public readonly struct PropertyBlock
{
    /// <summary>Makes a view; the bytes do not begin with the property length.</summary>
    public PropertyBlock(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The properties without their length.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => Bytes.IsEmpty;

    /// <summary>Walks the properties in their order.</summary>
    public Enumerator GetEnumerator() => new(Bytes);

    /// <summary>The number of that property, or what it is when absent.</summary>
    public uint GetNumber(PropertyId id, uint absent)
    {
        foreach (Property property in this)
        {
            if (property.Id == id)
                return property.Number;
        }

        return absent;
    }

    /// <summary>Whether the property is there.</summary>
    public bool Contains(PropertyId id)
    {
        foreach (Property property in this)
        {
            if (property.Id == id)
                return true;
        }

        return false;
    }

    /// <summary>The text of that property, or null.</summary>
    public string? GetString(PropertyId id)
    {
        foreach (Property property in this)
        {
            if (property.Id == id)
                return Encoding.UTF8.GetString(property.Value);
        }

        return null;
    }

    /// <summary>One property.</summary>
    public readonly ref struct Property
    {
        internal Property(PropertyId id, uint number, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            Id = id;
            Number = number;
            Name = name;
            Value = value;
        }

        public PropertyId Id { get; }

        /// <summary>For the forms that are numbers.</summary>
        public uint Number { get; }

        /// <summary>For a user property.</summary>
        public ReadOnlySpan<byte> Name { get; }

        /// <summary>For strings, binary data and user properties.</summary>
        public ReadOnlySpan<byte> Value { get; }
    }

    /// <summary>Cuts one property after the other.</summary>
    public ref struct Enumerator
    {
        private PacketReader _reader;

        internal Enumerator(ReadOnlyMemory<byte> bytes)
        {
            _reader = new PacketReader(bytes);
            Current = default;
        }

        /// <summary>The property that <see cref="MoveNext"/> cut.</summary>
        public Property Current { get; private set; }

        public bool MoveNext()
        {
            if (_reader.Remaining == 0)
                return false;
            var id = (PropertyId)_reader.ReadVariableInteger();
            uint number = 0;
            ReadOnlySpan<byte> name = default;
            ReadOnlySpan<byte> value = default;
            switch (PropertyRules.KindOf(id))
            {
                case PropertyKind.Flag: number = _reader.ReadByte(); break;
                case PropertyKind.UInt16: number = _reader.ReadUInt16(); break;
                case PropertyKind.UInt32: number = _reader.ReadUInt32(); break;
                case PropertyKind.VariableInteger: number = _reader.ReadVariableInteger(); break;
                case PropertyKind.Utf8Pair:
                    name = _reader.ReadBinary().Span;
                    value = _reader.ReadBinary().Span;
                    break;
                case PropertyKind.None: return false;
                default: value = _reader.ReadBinary().Span; break;
            }

            Current = new Property(id, number, name, value);
            return !_reader.Failed;
        }
    }
}
