using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// A string of a header, as UTF-8 and possibly absent. Read from a request it is borrowed: it is valid only until
/// the handler first awaits. Made from a string once, it can be written any number of times without encoding again.
/// </summary>
public readonly struct HeaderText : IEquatable<HeaderText>
{
    private readonly ReadOnlyMemory<byte> _utf8;

    /// <summary>Wraps UTF-8 bytes.</summary>
    public HeaderText(ReadOnlyMemory<byte> utf8)
    {
        _utf8 = utf8;
        IsPresent = true;
    }

    /// <summary>Encodes a string; null makes an absent text.</summary>
    public HeaderText(string? text)
    {
        IsPresent = text is not null;
        _utf8 = text is null ? default : Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Whether the field was there (an empty string is).</summary>
    public bool IsPresent { get; }

    /// <summary>Whether the field is absent or empty.</summary>
    public bool IsEmpty => _utf8.IsEmpty;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _utf8.Span;

    /// <summary>The bytes, as memory.</summary>
    public ReadOnlyMemory<byte> Memory => _utf8;

    /// <summary>Encodes a string.</summary>
    public static implicit operator HeaderText(string? text) => new(text);

    /// <summary>Encodes a string; null makes an absent text.</summary>
    public static HeaderText FromString(string? text) => new(text);

    /// <summary>Copies the bytes so that the text outlives the request it came from.</summary>
    public HeaderText Detach() => IsPresent ? new HeaderText(_utf8.ToArray()) : default;

    /// <summary>The text, or null when absent.</summary>
    public string? AsString() => IsPresent ? Encoding.UTF8.GetString(_utf8.Span) : null;

    /// <summary>The text, or the empty string when absent.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_utf8.Span);

    /// <inheritdoc/>
    public bool Equals(HeaderText other) => IsPresent == other.IsPresent && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HeaderText other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>Byte equality.</summary>
    public static bool operator ==(HeaderText left, HeaderText right) => left.Equals(right);

    /// <summary>Byte inequality.</summary>
    public static bool operator !=(HeaderText left, HeaderText right) => !left.Equals(right);
}
