using System.Text;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// The property text of a message: <c>name 0x01 value 0x02 name 0x01 value 0x02</c>, UTF-8.
/// The last 0x02 may be missing (texts of batches). A piece without 0x01 is no property and is skipped, as Java does.
/// </summary>
public static class PropertyText
{
    /// <summary>Between name and value.</summary>
    public const byte NameValueSeparator = 1;

    /// <summary>After each value.</summary>
    public const byte PropertySeparator = 2;

    /// <summary>Walks the properties of <paramref name="text"/> in their order.</summary>
    public static PropertyTextReader Read(ReadOnlySpan<byte> text) => new(text);

    /// <summary>Finds a property. Where a name is there twice the last one counts, as in a Java map.</summary>
    public static bool TryGet(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        var found = false;
        var reader = new PropertyTextReader(text);
        while (reader.MoveNext())
        {
            if (!reader.Name.SequenceEqual(name))
                continue;
            value = reader.Value;
            found = true;
        }

        return found;
    }

    /// <summary>Finds a property, as a string; null without.</summary>
    public static string? GetString(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) =>
        TryGet(text, name, out var value) ? Encoding.UTF8.GetString(value) : null;

    /// <summary>Whether name and value can be put into a property text: no separators in them, and a name at all.</summary>
    public static bool CanHold(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        !name.IsEmpty
        && name.IndexOfAny(NameValueSeparator, PropertySeparator) < 0
        && value.IndexOfAny(NameValueSeparator, PropertySeparator) < 0;

    /// <summary>Bytes that one property takes.</summary>
    public static int SizeOf(ReadOnlySpan<char> name, ReadOnlySpan<char> value) =>
        Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value) + 2;
}

/// <summary>Walks a property text without copying.</summary>
public ref struct PropertyTextReader
{
    private ReadOnlySpan<byte> _rest;

    internal PropertyTextReader(ReadOnlySpan<byte> text) => _rest = text;

    /// <summary>Name of the property at hand, UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Value of the property at hand, UTF-8.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next property; false at the end.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = _rest.IndexOf(PropertyText.PropertySeparator);
            var piece = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            var middle = piece.IndexOf(PropertyText.NameValueSeparator);
            if (middle < 0)
                continue;
            Name = piece[..middle];
            Value = piece[(middle + 1)..];
            return true;
        }

        return false;
    }
}

/// <summary>Writes a property text into a buffer that the caller gives.</summary>
public ref struct PropertyTextWriter
{
    private readonly Span<byte> _destination;

    /// <summary>Writes into <paramref name="destination"/>.</summary>
    public PropertyTextWriter(Span<byte> destination) => _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public readonly ReadOnlySpan<byte> Written => _destination[..Length];

    /// <summary>Adds a property of UTF-8 bytes; false when there is no room, or it has a separator in it.</summary>
    public bool TryAdd(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (!PropertyText.CanHold(name, value) || name.Length + value.Length + 2 > _destination.Length - Length)
            return false;
        name.CopyTo(_destination[Length..]);
        Length += name.Length;
        _destination[Length++] = PropertyText.NameValueSeparator;
        value.CopyTo(_destination[Length..]);
        Length += value.Length;
        _destination[Length++] = PropertyText.PropertySeparator;
        return true;
    }

    /// <summary>Adds a property of text; false when there is no room, or it has a separator in it.</summary>
    public bool TryAdd(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        if (PropertyText.SizeOf(name, value) > _destination.Length - Length)
            return false;
        var start = Length;
        var nameLength = Encoding.UTF8.GetBytes(name, _destination[start..]);
        var valueAt = start + nameLength + 1;
        var valueLength = Encoding.UTF8.GetBytes(value, _destination[valueAt..]);
        if (!PropertyText.CanHold(_destination.Slice(start, nameLength), _destination.Slice(valueAt, valueLength)))
            return false;
        _destination[valueAt - 1] = PropertyText.NameValueSeparator;
        _destination[valueAt + valueLength] = PropertyText.PropertySeparator;
        Length = valueAt + valueLength + 1;
        return true;
    }
}
