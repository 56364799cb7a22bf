using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Checkpoints;

/// <summary>
/// What the checkpoint file says, one page of 4 KiB. Apache RocketMQ reads and writes the first 40 bytes; what follows
/// at 64 is ours and only holds while it agrees with them, so a page that Apache wrote in between is noticed.
/// <code>
///   0  store time of the last flushed record 8 | of the last flushed queue entry 8 | of the last flushed index entry 8
///  24  offset the master flushed 8 | confirmed offset 8
///  64  "PBMQCKPT" 8 | recover offset 8 | copy of bytes 0..16 | CRC-32 of 64..96 4
/// 104  "PBMQENDS" 8 | sum of the ends of all queues 8 | entries of a queue file 4 | CRC-32 of 64..124 4
/// 128  "PBMQHEAD" 8 | sum of the first offsets of the first files of all queues 8 | CRC-32 of 64..144 4
/// 152  "PBMQINDX" 8 | offset of the first record of the first index file 8 | of the last of the last 8 | CRC-32 of 64..176 4
/// </code>
/// </summary>
internal readonly record struct Checkpoint
{
    public const int Size = 4096;
    private const int OwnAt = 64;
    private const int CrcAt = 96;
    private const int EndsAt = 104;
    private const int EndsCrcAt = 124;
    private const int StartsAt = 128;
    private const int StartsCrcAt = 144;
    private const int IndexAt = 152;
    private const int IndexCrcAt = 176;

    /// <summary>Store time of the last record flushed, Unix milliseconds.</summary>
    public long PhysicTimestamp { get; init; }

    /// <summary>Store time of the last record whose queue entry is flushed.</summary>
    public long LogicsTimestamp { get; init; }

    /// <summary>Store time of the last record whose index entries are flushed; kept as it was found without a key index.</summary>
    public long IndexTimestamp { get; init; }

    /// <summary>Offset the master flushed; kept as it was found.</summary>
    public long MasterFlushedOffset { get; init; }

    /// <summary>Confirmed offset.</summary>
    public long ConfirmOffset { get; init; }

    /// <summary>Before it everything is durable, the records and their queue entries; -1 when only times are known.</summary>
    public long RecoverOffset { get; init; }

    /// <summary>Sum of the ends of all queues before the recover offset; -1 when it is not known.</summary>
    public long QueueEnds { get; init; }

    /// <summary>Entries of a queue file; 0 when it is not known.</summary>
    public int QueueFileEntries { get; init; }

    /// <summary>Sum of the offsets at which the first files of all queues begin; -1 when it is not known.</summary>
    public long QueueStarts { get; init; }

    /// <summary>Offset of the first record that the key index has; -1 when it is not known, or has none.</summary>
    public long IndexBegin { get; init; }

    /// <summary>Offset of the last record that it has; -1 likewise.</summary>
    public long IndexEnd { get; init; }

    private static ReadOnlySpan<byte> IndexMagic => "PBMQINDX"u8;

    private static ReadOnlySpan<byte> StartsMagic => "PBMQHEAD"u8;

    private static ReadOnlySpan<byte> EndsMagic => "PBMQENDS"u8;

    private static ReadOnlySpan<byte> OwnMagic => "PBMQCKPT"u8;

    public static bool TryRead(ReadOnlySpan<byte> page, out Checkpoint checkpoint)
    {
        checkpoint = default;
        if (page.Length < 40)
            return false;
        var hasEnds = IsOwn(page) && HasEnds(page);
        var hasIndex = hasEnds && HasIndex(page);
        checkpoint = new Checkpoint
        {
            PhysicTimestamp = Long(page, 0),
            LogicsTimestamp = Long(page, 8),
            IndexTimestamp = Long(page, 16),
            MasterFlushedOffset = Long(page, 24),
            ConfirmOffset = Long(page, 32),
            RecoverOffset = IsOwn(page) ? Long(page, OwnAt + 8) : -1,
            QueueEnds = hasEnds ? Long(page, EndsAt + 8) : -1,
            QueueFileEntries = hasEnds ? BinaryPrimitives.ReadInt32BigEndian(page[(EndsAt + 16)..]) : 0,
            QueueStarts = hasEnds && HasStarts(page) ? Long(page, StartsAt + 8) : -1,
            IndexBegin = hasIndex ? Long(page, IndexAt + 8) : -1,
            IndexEnd = hasIndex ? Long(page, IndexAt + 16) : -1,
        };
        return checkpoint.RecoverOffset >= 0 || checkpoint is { PhysicTimestamp: > 0, LogicsTimestamp: > 0 };
    }

    public void Write(Span<byte> page)
    {
        page.Clear();
        BinaryPrimitives.WriteInt64BigEndian(page, PhysicTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(page[8..], LogicsTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(page[16..], IndexTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(page[24..], MasterFlushedOffset);
        BinaryPrimitives.WriteInt64BigEndian(page[32..], ConfirmOffset);
        OwnMagic.CopyTo(page[OwnAt..]);
        BinaryPrimitives.WriteInt64BigEndian(page[(OwnAt + 8)..], RecoverOffset);
        page[..16].CopyTo(page[(OwnAt + 16)..]);
        BinaryPrimitives.WriteUInt32BigEndian(page[CrcAt..], BodyCrc32.Ieee(page[OwnAt..CrcAt]));
        EndsMagic.CopyTo(page[EndsAt..]);
        BinaryPrimitives.WriteInt64BigEndian(page[(EndsAt + 8)..], QueueEnds);
        BinaryPrimitives.WriteInt32BigEndian(page[(EndsAt + 16)..], QueueFileEntries);
        BinaryPrimitives.WriteUInt32BigEndian(page[EndsCrcAt..], BodyCrc32.Ieee(page[OwnAt..EndsCrcAt]));
        StartsMagic.CopyTo(page[StartsAt..]);
        BinaryPrimitives.WriteInt64BigEndian(page[(StartsAt + 8)..], QueueStarts);
        BinaryPrimitives.WriteUInt32BigEndian(page[StartsCrcAt..], BodyCrc32.Ieee(page[OwnAt..StartsCrcAt]));
        IndexMagic.CopyTo(page[IndexAt..]);
        BinaryPrimitives.WriteInt64BigEndian(page[(IndexAt + 8)..], IndexBegin);
        BinaryPrimitives.WriteInt64BigEndian(page[(IndexAt + 16)..], IndexEnd);
        BinaryPrimitives.WriteUInt32BigEndian(page[IndexCrcAt..], BodyCrc32.Ieee(page[OwnAt..IndexCrcAt]));
    }

    private static bool IsOwn(ReadOnlySpan<byte> page) =>
        page.Length >= CrcAt + 4
        && page.Slice(OwnAt, 8).SequenceEqual(OwnMagic)
        && page.Slice(OwnAt + 16, 16).SequenceEqual(page[..16])
        && BinaryPrimitives.ReadUInt32BigEndian(page[CrcAt..]) == BodyCrc32.Ieee(page[OwnAt..CrcAt]);

    private static bool HasEnds(ReadOnlySpan<byte> page) =>
        page.Length >= EndsCrcAt + 4
        && page.Slice(EndsAt, 8).SequenceEqual(EndsMagic)
        && BinaryPrimitives.ReadUInt32BigEndian(page[EndsCrcAt..]) == BodyCrc32.Ieee(page[OwnAt..EndsCrcAt]);

    private static bool HasStarts(ReadOnlySpan<byte> page) =>
        page.Length >= StartsCrcAt + 4
        && page.Slice(StartsAt, 8).SequenceEqual(StartsMagic)
        && BinaryPrimitives.ReadUInt32BigEndian(page[StartsCrcAt..]) == BodyCrc32.Ieee(page[OwnAt..StartsCrcAt]);

    private static bool HasIndex(ReadOnlySpan<byte> page) =>
        page.Length >= IndexCrcAt + 4
        && page.Slice(IndexAt, 8).SequenceEqual(IndexMagic)
        && BinaryPrimitives.ReadUInt32BigEndian(page[IndexCrcAt..]) == BodyCrc32.Ieee(page[OwnAt..IndexCrcAt]);

    private static long Long(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadInt64BigEndian(page[at..]);
}
