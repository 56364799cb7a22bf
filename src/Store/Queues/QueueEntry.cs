using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// An entry of a consume queue.
/// <code>
///  | physical offset 8 | size 4 | tag hash 8 |     big-endian, 20 bytes
/// </code>
/// </summary>
/// <param name="PhysicalOffset">Where the record is in the commit log.</param>
/// <param name="Size">Bytes of the record; 0 marks the end of a file's used part.</param>
/// <param name="TagsCode">Hash of the tag (0 without), or the due time in the schedule topic.</param>
public readonly record struct QueueEntry(long PhysicalOffset, int Size, long TagsCode)
{
    /// <summary>Encoded bytes.</summary>
    public const int EncodedSize = 20;

    /// <summary>Size that marks a filler: the place of a message that this store does not have.</summary>
    public const int FillerSize = int.MaxValue;

    /// <summary>An entry that stands for a message that is not there.</summary>
    public static QueueEntry Filler => new(0, FillerSize, 0);

    /// <summary>True for <see cref="Filler"/>: skip it.</summary>
    public bool IsFiller => Size == FillerSize;

    /// <summary>Whether it may be the place of a record: not empty, no filler, nothing that cannot be.</summary>
    internal bool IsPlausible => Size > 0 && !IsFiller && PhysicalOffset >= 0;

    /// <summary>Reads 20 bytes.</summary>
    public static QueueEntry Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64BigEndian(source),
        BinaryPrimitives.ReadInt32BigEndian(source[8..]),
        BinaryPrimitives.ReadInt64BigEndian(source[12..]));

    /// <summary>Reads entries, 20 bytes each, that follow one another.</summary>
    internal static void Read(ReadOnlySpan<byte> source, Span<QueueEntry> entries)
    {
        ref var at = ref MemoryMarshal.GetReference(source[..(entries.Length * EncodedSize)]);
        for (var i = 0; i < entries.Length; i++, at = ref Unsafe.Add(ref at, EncodedSize))
            entries[i] = Read(MemoryMarshal.CreateReadOnlySpan(ref at, EncodedSize));
    }

    /// <summary>Writes 20 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, PhysicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], Size);
        BinaryPrimitives.WriteInt64BigEndian(destination[12..], TagsCode);
    }
}
