using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// A record of the catalogue: a queue was made, or deleted.
/// <code>
///  kind 1 | 0 1 | bytes of the name 2 | slot 4 | incarnation 4 | CRC-32 of the others 4
///  takes records from this physical offset on 8 | offset of its first entry 8 | name | zeros up to a multiple of 8
/// </code>
/// Big-endian.
/// </summary>
internal readonly ref struct CatalogueRecord
{
    public const int HeadSize = 32;
    public const int MaxName = ushort.MaxValue;
    private const int CrcAt = 12;
    private const byte Made = 1;
    private const byte Gone = 2;

    public required LightQueueId Queue { get; init; }

    public bool IsDelete { get; init; }

    public long Start { get; init; }

    public long FirstOffset { get; init; }

    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>Bytes that it takes.</summary>
    public int Size => SizeOf(Name.Length);

    /// <summary>Reads the record at the start; false when there is none that is whole.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out CatalogueRecord record)
    {
        record = default;
        if (source.Length < HeadSize || source[0] is not (Made or Gone))
            return false;
        var size = SizeOf(BinaryPrimitives.ReadUInt16BigEndian(source[2..]));
        if (size > source.Length || BinaryPrimitives.ReadUInt32BigEndian(source[CrcAt..]) != Crc(source[..size]))
            return false;
        record = new CatalogueRecord
        {
            Queue = new LightQueueId(BinaryPrimitives.ReadInt32BigEndian(source[4..]), BinaryPrimitives.ReadInt32BigEndian(source[8..])),
            IsDelete = source[0] == Gone,
            Start = BinaryPrimitives.ReadInt64BigEndian(source[16..]),
            FirstOffset = BinaryPrimitives.ReadInt64BigEndian(source[24..]),
            Name = source.Slice(HeadSize, BinaryPrimitives.ReadUInt16BigEndian(source[2..])),
        };
        return record.Queue is { Slot: >= LightQueueHeads.FirstSlot, Incarnation: > 0 };
    }

    public void Write(Span<byte> destination)
    {
        var bytes = destination[..Size];
        bytes.Clear();
        bytes[0] = IsDelete ? Gone : Made;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)Name.Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], Queue.Slot);
        BinaryPrimitives.WriteInt32BigEndian(bytes[8..], Queue.Incarnation);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], Start);
        BinaryPrimitives.WriteInt64BigEndian(bytes[24..], FirstOffset);
        Name.CopyTo(bytes[HeadSize..]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[CrcAt..], Crc(bytes));
    }

    private static int SizeOf(int name) => (HeadSize + name + 7) & ~7;

    /// <summary>CRC of the record with its own CRC left out; the two parts are folded into one number.</summary>
    private static uint Crc(ReadOnlySpan<byte> record) =>
        uint.RotateLeft(BodyCrc32.Ieee(record[..CrcAt]), 1) ^ BodyCrc32.Ieee(record[(CrcAt + 4)..]);
}
