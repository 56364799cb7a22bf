using System.Buffers.Binary;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// The body of a batch send: messages one after the other.
/// <code>
///  | size 4 | magic 4 (0) | CRC 4 (0) | flag 4 | body length 4 | body | properties length 2 | property text |
/// </code>
/// </summary>
public static class BatchBody
{
    /// <summary>Bytes that a message takes besides its body and properties.</summary>
    public const int Overhead = 4 + 4 + 4 + 4 + 4 + 2;

    /// <summary>Walks the messages of <paramref name="body"/>.</summary>
    public static BatchBodyReader Read(ReadOnlySpan<byte> body) => new(body);

    /// <summary>Counts the messages; -1 when the body is malformed or has none.</summary>
    public static int Count(ReadOnlySpan<byte> body)
    {
        var count = 0;
        var reader = new BatchBodyReader(body);
        while (reader.MoveNext())
            count++;
        return reader.IsMalformed || count == 0 ? -1 : count;
    }

    /// <summary>Writes one message and returns its size, <see cref="Overhead"/> and the two lengths.</summary>
    public static int Write(Span<byte> destination, int flag, ReadOnlySpan<byte> body, ReadOnlySpan<byte> properties)
    {
        var size = Overhead + body.Length + properties.Length;
        BinaryPrimitives.WriteInt32BigEndian(destination, size);
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], 0);
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], flag);
        BinaryPrimitives.WriteInt32BigEndian(destination[16..], body.Length);
        body.CopyTo(destination[20..]);
        BinaryPrimitives.WriteInt16BigEndian(destination[(20 + body.Length)..], checked((short)properties.Length));
        properties.CopyTo(destination[(22 + body.Length)..]);
        return size;
    }
}

/// <summary>Walks a batch body without copying.</summary>
public ref struct BatchBodyReader
{
    private ReadOnlySpan<byte> _rest;

    internal BatchBodyReader(ReadOnlySpan<byte> body) => _rest = body;

    /// <summary>True when <see cref="MoveNext"/> stopped at bytes that are no message.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The producer's flag of the message at hand.</summary>
    public int Flag { get; private set; }

    /// <summary>Body of the message at hand.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>Property text of the message at hand.</summary>
    public ReadOnlySpan<byte> Properties { get; private set; }

    /// <summary>Goes to the next message; false at the end, and where the body is malformed.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
            return false;
        IsMalformed = true;
        if (_rest.Length < BatchBody.Overhead)
            return false;
        var size = BinaryPrimitives.ReadInt32BigEndian(_rest);
        var bodyLength = BinaryPrimitives.ReadInt32BigEndian(_rest[16..]);
        if (size < BatchBody.Overhead || size > _rest.Length || bodyLength < 0 || bodyLength > size - BatchBody.Overhead)
            return false;
        var propertiesLength = BinaryPrimitives.ReadInt16BigEndian(_rest[(20 + bodyLength)..]);
        if (propertiesLength < 0 || size != BatchBody.Overhead + bodyLength + propertiesLength)
            return false;
        IsMalformed = false;
        Flag = BinaryPrimitives.ReadInt32BigEndian(_rest[12..]);
        Body = _rest.Slice(20, bodyLength);
        Properties = _rest.Slice(22 + bodyLength, propertiesLength);
        _rest = _rest[size..];
        return true;
    }
}
