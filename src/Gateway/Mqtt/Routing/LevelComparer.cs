using System.Diagnostics.CodeAnalysis;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>Compares UTF-8 bytes, so that a level can be looked up by a view into a topic name.</summary>
public sealed class LevelComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    private LevelComparer()
    {
    }

    /// <summary>The one.</summary>
    public static LevelComparer Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    // Keyed by the process: clients choose the levels and must not choose the buckets.
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = default(HashCode);
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }
}
