using System.Buffers.Binary;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// The head of an index file, big-endian.
/// <code>
///   0  store time of the first record 8 | of the last record 8
///  16  physical offset of the first record 8 | of the last record 8
///  32  slots in use 4 | entries + 1, 4
/// </code>
/// Entry 0 is never used: a slot or a previous index of 0 says that there is none.
/// </summary>
internal record struct IndexHeader
{
    public const int Size = 40;

    /// <summary>The count of a file without entries.</summary>
    public const int EmptyCount = 1;

    public long BeginTimestamp { get; set; }

    public long EndTimestamp { get; set; }

    public long BeginOffset { get; set; }

    public long EndOffset { get; set; }

    /// <summary>Slots that are not 0.</summary>
    public int UsedSlots { get; set; }

    /// <summary>Index of the next entry; the first is 1.</summary>
    public int Count { get; set; }

    public readonly bool IsEmpty => Count <= EmptyCount;

    public static IndexHeader Read(ReadOnlySpan<byte> bytes) => new()
    {
        BeginTimestamp = BinaryPrimitives.ReadInt64BigEndian(bytes),
        EndTimestamp = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
        BeginOffset = BinaryPrimitives.ReadInt64BigEndian(bytes[16..]),
        EndOffset = BinaryPrimitives.ReadInt64BigEndian(bytes[24..]),
        UsedSlots = BinaryPrimitives.ReadInt32BigEndian(bytes[32..]),
        Count = Math.Max(EmptyCount, BinaryPrimitives.ReadInt32BigEndian(bytes[36..])),
    };

    public readonly void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, BeginTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], EndTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], BeginOffset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[24..], EndOffset);
        BinaryPrimitives.WriteInt32BigEndian(bytes[32..], UsedSlots);
        BinaryPrimitives.WriteInt32BigEndian(bytes[36..], Count);
    }
}
