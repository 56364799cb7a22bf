using System.Buffers;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>A pooled array for the length of a block.</summary>
internal readonly ref struct ScratchBytes
{
    private readonly byte[] _array;

    public ScratchBytes(int size)
    {
        _array = ArrayPool<byte>.Shared.Rent(Math.Max(1, size));
        Span = _array;
    }

    /// <summary>At least as long as asked for.</summary>
    public Span<byte> Span { get; }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
}
