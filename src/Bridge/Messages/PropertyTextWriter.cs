using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>
/// Writes property text (<c>name 0x01 value 0x02</c>, repeated) into a pooled array, for a publish. Names and values
/// with one of the two separators are refused: they would change meaning on the way.
/// </summary>
/// <remarks>
/// A mutable struct: keep it in a local or a field, pass it by reference. <see cref="Dispose"/> gives the array back;
/// <see cref="Written"/> is valid until then, or until the next write.
/// </remarks>
public struct PropertyTextWriter : IDisposable
{
    private const int FirstSize = 256;

    private byte[]? _buffer;
    private int _length;

    /// <summary>What was written so far, as a view for <see cref="PublishMessage"/>.</summary>
    public readonly MessageProperties Written => new(_buffer.AsMemory(0, _length));

    /// <summary>How many bytes were written so far.</summary>
    public readonly int Length => _length;

    /// <summary>Appends a property whose name and value are UTF-8.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.PropertiesInvalid"/>.</exception>
    public void Write(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        ThrowIfReserved(name, value);
        Span<byte> room = Grow(name.Length + value.Length + 2);
        name.CopyTo(room);
        room[name.Length] = MessageProperties.NameEnd;
        value.CopyTo(room[(name.Length + 1)..]);
        room[name.Length + 1 + value.Length] = MessageProperties.ValueEnd;
        _length += name.Length + value.Length + 2;
    }

    /// <summary>Appends a property with a text value.</summary>
    public void Write(ReadOnlySpan<byte> name, ReadOnlySpan<char> value)
    {
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        try
        {
            Write(name, utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, utf8)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    /// <summary>Appends a property with a number as its value.</summary>
    public void Write(ReadOnlySpan<byte> name, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out int length);
        Write(name, digits[..length]);
    }

    /// <summary>Appends a property whose value is binary, as base64url without padding.</summary>
    public void WriteBinary(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        byte[] text = ArrayPool<byte>.Shared.Rent(Math.Max(1, Base64Url.GetEncodedLength(value.Length)));
        try
        {
            Write(name, text.AsSpan(0, Base64Url.EncodeToUtf8(value, text)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    /// <summary>Appends property text that somebody else wrote.</summary>
    public void WriteAll(MessageProperties properties)
    {
        foreach (MessageProperties.Property property in properties)
        {
            Write(property.Name, property.Value);
        }
    }

    /// <summary>Forgets what was written and keeps the array for the next message.</summary>
    public void Clear() => _length = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _length = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void ThrowIfReserved(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.IsEmpty)
        {
            throw new BridgeException(BridgeError.PropertiesInvalid, "A property needs a name.");
        }

        if (name.ContainsAny(MessageProperties.NameEnd, MessageProperties.ValueEnd)
            || value.ContainsAny(MessageProperties.NameEnd, MessageProperties.ValueEnd))
        {
            throw new BridgeException(
                BridgeError.PropertiesInvalid,
                "A property name or value has the character U+0001 or U+0002, which separate properties in the log.");
        }
    }

    private Span<byte> Grow(int size)
    {
        int needed = checked(_length + size);
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(FirstSize, needed));
        }
        else if (_buffer.Length < needed)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }
}
