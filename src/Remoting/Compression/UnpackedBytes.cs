using System.Buffers;

namespace ProtoBridgeMQ.Remoting.Compression;

/// <summary>What a body unpacks to, in one piece that grows with what is really there, up to a limit.</summary>
internal ref struct UnpackedBytes(int limit)
{
    private const int Smallest = 4096;

    private byte[] _bytes = [];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Whether more than the limit was asked for.</summary>
    public bool IsOverLimit { get; private set; }

    /// <summary>What was written.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Room for so many bytes more, behind what was written; empty when that is over the limit.</summary>
    public Span<byte> Room(int count)
    {
        if (count > limit - Length)
        {
            IsOverLimit = true;
            return default;
        }
        if (count > _bytes.Length - Length)
            Grow(Length + count);
        return _bytes.AsSpan(Length, count);
    }

    /// <summary>Counts bytes that were written into the room.</summary>
    public void Advance(int count) => Length += count;

    /// <summary>Writes a stretch again that begins so far behind the end. It may reach into what it writes.</summary>
    /// <returns>False when that is over the limit.</returns>
    public bool Repeat(int distance, int count)
    {
        var room = Room(count);
        if (room.Length < count)
            return false;
        var all = _bytes.AsSpan();
        for (var from = Length - distance; count > 0;)
        {
            var piece = Math.Min(count, Length - from);
            all.Slice(from, piece).CopyTo(all[Length..]);
            Length += piece;
            count -= piece;
        }
        return true;
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, Math.Max(Math.Max(Smallest, needed), 2L * _bytes.Length)));
        Written.CopyTo(larger);
        Release();
        _bytes = larger;
    }
}
