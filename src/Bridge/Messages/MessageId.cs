using System.Buffers.Binary;

namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>
/// Names a stored message: RocketMQ's 16-byte offset id (IPv4 address, port, commit log offset), or any other id as
/// text. Formatted only when somebody wants to read it.
/// </summary>
public readonly struct MessageId : IEquatable<MessageId>
{
    private readonly string? _text;
    private readonly ulong _host;
    private readonly ulong _offset;

    /// <summary>An offset id.</summary>
    /// <param name="host">IPv4 address in the upper half, port in the lower.</param>
    /// <param name="logOffset">Position in the commit log of that broker.</param>
    public MessageId(ulong host, long logOffset)
    {
        _text = null;
        _host = host;
        _offset = (ulong)logOffset;
    }

    /// <summary>An id that somebody else made.</summary>
    public MessageId(string text)
    {
        _text = text;
        _host = 0;
        _offset = 0;
    }

    /// <summary>The parts of an offset id; false for an id that is text.</summary>
    public bool TryGetOffset(out ulong host, out long logOffset)
    {
        host = _host;
        logOffset = (long)_offset;
        return _text is null;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        if (_text is not null)
        {
            return _text;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _host);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _offset);
        return Convert.ToHexString(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(MessageId other)
        => _text is null && other._text is null
            ? _host == other._host && _offset == other._offset
            : string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is MessageId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>Same id.</summary>
    public static bool operator ==(MessageId left, MessageId right) => left.Equals(right);

    /// <summary>Another id.</summary>
    public static bool operator !=(MessageId left, MessageId right) => !left.Equals(right);
}
