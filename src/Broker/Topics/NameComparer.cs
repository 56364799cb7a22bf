using System.Text;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>Compares names by their UTF-8 bytes, so that a table is searched with what came from the wire.</summary>
public sealed class NameComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    private const int OnStack = 512;

    private NameComparer()
    {
    }

    /// <summary>The only one.</summary>
    public static NameComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    /// <inheritdoc/>
    public int GetHashCode(string obj)
    {
        if (obj.Length * 3 > OnStack)
        {
            return GetHashCode(Encoding.UTF8.GetBytes(obj));
        }

        Span<byte> bytes = stackalloc byte[OnStack];
        return GetHashCode(bytes[..Encoding.UTF8.GetBytes(obj, bytes)]);
    }

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        // Seeded per process: names come from clients.
        var hash = default(HashCode);
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> alternate, string other)
    {
        if (alternate.Length == other.Length)
        {
            return Ascii.Equals(alternate, other) || EqualsDecoded(alternate, other);
        }

        return alternate.Length > other.Length && EqualsDecoded(alternate, other);
    }

    /// <inheritdoc/>
    public string Create(ReadOnlySpan<byte> alternate) => Encoding.UTF8.GetString(alternate);

    private static bool EqualsDecoded(ReadOnlySpan<byte> alternate, string other) =>
        !Ascii.IsValid(alternate) && Encoding.UTF8.GetString(alternate) == other;
}
