using System.Buffers.Binary;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// A block of a light queue: eleven entries that follow each other, their first offset a multiple of eleven. Two blocks
/// fill a sector, so a power cut keeps one whole or not at all.
/// <code>
///   0  slot 4 | incarnation 4 | offset of the first entry 8 | previous block 4 | next block 4 | not used 8
///  32  11 queue entries of 20                                                                          | not used 4
/// </code>
/// Big-endian. The next block is that of a moment: only the queue's head says where it ends.
/// </summary>
internal static class LightQueueBlock
{
    public const int Size = 256;
    public const int Entries = 11;
    private const int NextAt = 20;
    private const int EntriesAt = 32;

    /// <summary>Offset at which the block of an entry begins.</summary>
    public static long BaseOf(long offset) => offset - (offset % Entries);

    public static void Begin(Span<byte> block, LightQueueId owner, long baseOffset, int previous)
    {
        block.Clear();
        BinaryPrimitives.WriteInt32BigEndian(block, owner.Slot);
        BinaryPrimitives.WriteInt32BigEndian(block[4..], owner.Incarnation);
        BinaryPrimitives.WriteInt64BigEndian(block[8..], baseOffset);
        BinaryPrimitives.WriteInt32BigEndian(block[16..], previous);
    }

    public static LightQueueId Owner(ReadOnlySpan<byte> block) => new(BinaryPrimitives.ReadInt32BigEndian(block), BinaryPrimitives.ReadInt32BigEndian(block[4..]));

    public static long Base(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadInt64BigEndian(block[8..]);

    public static int Previous(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadInt32BigEndian(block[16..]);

    public static int Next(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadInt32BigEndian(block[NextAt..]);

    public static void SetNext(Span<byte> block, int next) => BinaryPrimitives.WriteInt32BigEndian(block[NextAt..], next);

    public static bool Is(ReadOnlySpan<byte> block, LightQueueId owner, long baseOffset) => Owner(block) == owner && Base(block) == baseOffset;

    /// <summary>Bytes of the entry of an offset.</summary>
    public static Span<byte> EntryAt(Span<byte> block, long offset) =>
        block.Slice(EntriesAt + ((int)(offset % Entries) * QueueEntry.EncodedSize), QueueEntry.EncodedSize);
}
