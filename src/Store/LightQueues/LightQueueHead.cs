using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// The head of a light queue as the disk has it; sixteen in a sector.
/// <code>
///  first block 4 | last block 4 | incarnation 4 | CRC-32 of the others 4 | min offset 8 | max offset 8
/// </code>
/// Big-endian. Without blocks the place of the min offset has the physical offset from which the queue takes records.
/// </summary>
internal readonly record struct LightQueueHead(int First, int Last, int Incarnation, long MinOrStart, long Max)
{
    public const int Size = 32;

    public static bool TryRead(ReadOnlySpan<byte> source, out LightQueueHead head)
    {
        head = new LightQueueHead(Int(source, 0), Int(source, 4), Int(source, 8), BinaryPrimitives.ReadInt64BigEndian(source[16..]), BinaryPrimitives.ReadInt64BigEndian(source[24..]));
        return Int(source, 12) == Crc(source) && head.Max >= 0 && head.First >= 0 && head.Last >= 0;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, First);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], Last);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], Incarnation);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], MinOrStart);
        BinaryPrimitives.WriteInt64BigEndian(destination[24..], Max);
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], Crc(destination));
    }

    private static int Crc(ReadOnlySpan<byte> head)
    {
        Span<byte> others = stackalloc byte[Size - 4];
        head[..12].CopyTo(others);
        head[16..Size].CopyTo(others[12..]);
        return (int)BodyCrc32.Ieee(others);
    }

    private static int Int(ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadInt32BigEndian(source[at..]);
}

/// <summary>
/// What is known of all light queues together; it takes the place of the first two heads.
/// <code>
///   0  "PBMQLQ01" 8 | no head knows records from here on 8 | all heads know the records before 8
///  24  blocks taken so far 4 | bytes of an arena file 4 | generation of the catalogue 4 | not used 4 | its length 8 | not used 4
///  60  CRC-32 of 0..60 4
/// </code>
/// </summary>
internal readonly record struct LightQueueMeta(long Upper, long Lower, int Blocks, int FileSize, int CatalogueGeneration, long CatalogueLength)
{
    public const int Size = 2 * LightQueueHead.Size;
    private const int CrcAt = Size - 4;

    private static ReadOnlySpan<byte> Magic => "PBMQLQ01"u8;

    public static bool TryRead(ReadOnlySpan<byte> source, out LightQueueMeta meta)
    {
        meta = default;
        if (!source.StartsWith(Magic) || BinaryPrimitives.ReadUInt32BigEndian(source[CrcAt..]) != BodyCrc32.Ieee(source[..CrcAt]))
            return false;
        meta = new LightQueueMeta(
            BinaryPrimitives.ReadInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadInt32BigEndian(source[24..]),
            BinaryPrimitives.ReadInt32BigEndian(source[28..]),
            BinaryPrimitives.ReadInt32BigEndian(source[32..]),
            BinaryPrimitives.ReadInt64BigEndian(source[40..]));
        return true;
    }

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        Magic.CopyTo(destination);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], Upper);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], Lower);
        BinaryPrimitives.WriteInt32BigEndian(destination[24..], Blocks);
        BinaryPrimitives.WriteInt32BigEndian(destination[28..], FileSize);
        BinaryPrimitives.WriteInt32BigEndian(destination[32..], CatalogueGeneration);
        BinaryPrimitives.WriteInt64BigEndian(destination[40..], CatalogueLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[CrcAt..], BodyCrc32.Ieee(destination[..CrcAt]));
    }
}
