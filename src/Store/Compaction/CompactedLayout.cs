using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// A file of records that outlived their segments of the commit log. Written once, never changed.
/// <code>
///  header 64 | group ... | fences | footer 64
///
///  header    "PBMQCMP1" 8 | first queue offset covered 8 | queue offset after the last covered 8 | generation 8
///            hash of "PBMQCMP1" 4 | zeros 24 | CRC-32 of the bytes before 4
///  group     up to 64 records as they were in the log | for each an entry 48 | CRC-32 of the entries 4
///  entry     queue offset 8 | position of the record in the file 8 | its size 4 | its CRC-32 4 | hash of its tag 8
///            store time 8 | hash of its key 4 | 1 when it removes its key 4
///  fences    for each group: queue offset of its first record 8 | position of its entries 8 | their number 4
///            CRC-32 of the bytes before 4
///  footer    "PBMQCMPE" 8 | position of the fences 8 | groups 8 | records 8 | of them tombstones 8
///            store time of the newest tombstone 8 | zeros 12 | CRC-32 of the bytes before 4
/// </code>
/// Big-endian.
/// </summary>
internal static class CompactedLayout
{
    public const int HeaderSize = 64;
    public const int FooterSize = 64;
    public const int GroupRecords = 64;
    public const int EntrySize = 48;
    public const int FenceSize = 20;
    public const int CrcSize = 4;

    public static ReadOnlySpan<byte> HeaderMagic => "PBMQCMP1"u8;

    private static ReadOnlySpan<byte> FooterMagic => "PBMQCMPE"u8;

    public static void Write(Span<byte> destination, in CompactedHeader header)
    {
        destination[..HeaderSize].Clear();
        HeaderMagic.CopyTo(destination);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], header.Start);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], header.End);
        BinaryPrimitives.WriteInt64BigEndian(destination[24..], header.Generation);
        BinaryPrimitives.WriteUInt32BigEndian(destination[32..], header.HashCheck);
        Seal(destination[..HeaderSize]);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out CompactedHeader header)
    {
        header = default;
        if (source.Length < HeaderSize || !source.StartsWith(HeaderMagic) || !IsSealed(source[..HeaderSize]))
            return false;
        header = new CompactedHeader(Long(source, 8), Long(source, 16), Long(source, 24), BinaryPrimitives.ReadUInt32BigEndian(source[32..]));
        return header.Start >= 0 && header.End >= header.Start;
    }

    public static void Write(Span<byte> destination, in CompactedFooter footer)
    {
        destination[..FooterSize].Clear();
        FooterMagic.CopyTo(destination);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], footer.FencesAt);
        BinaryPrimitives.WriteInt64BigEndian(destination[16..], footer.Groups);
        BinaryPrimitives.WriteInt64BigEndian(destination[24..], footer.Records);
        BinaryPrimitives.WriteInt64BigEndian(destination[32..], footer.Tombstones);
        BinaryPrimitives.WriteInt64BigEndian(destination[40..], footer.NewestTombstone);
        Seal(destination[..FooterSize]);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out CompactedFooter footer)
    {
        footer = default;
        if (source.Length < FooterSize || !source.StartsWith(FooterMagic) || !IsSealed(source[..FooterSize]))
            return false;
        footer = new CompactedFooter(Long(source, 8), Long(source, 16), Long(source, 24), Long(source, 32), Long(source, 40));
        return footer.FencesAt >= HeaderSize
            && footer.Groups is >= 0 and <= int.MaxValue / FenceSize - 1
            && footer.Records >= footer.Groups
            && footer.Records <= footer.Groups * GroupRecords;
    }

    public static void Write(Span<byte> destination, in CompactedEntry entry)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, entry.QueueOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], entry.Position);
        BinaryPrimitives.WriteInt32BigEndian(destination[16..], entry.Size);
        BinaryPrimitives.WriteUInt32BigEndian(destination[20..], entry.Crc);
        BinaryPrimitives.WriteInt64BigEndian(destination[24..], entry.TagsCode);
        BinaryPrimitives.WriteInt64BigEndian(destination[32..], entry.StoreTimestamp);
        BinaryPrimitives.WriteUInt32BigEndian(destination[40..], entry.KeyHash);
        BinaryPrimitives.WriteInt32BigEndian(destination[44..], entry.IsTombstone ? 1 : 0);
    }

    public static CompactedEntry ReadEntry(ReadOnlySpan<byte> source) => new(
        Long(source, 0),
        Long(source, 8),
        BinaryPrimitives.ReadInt32BigEndian(source[16..]),
        BinaryPrimitives.ReadUInt32BigEndian(source[20..]),
        Long(source, 24),
        Long(source, 32),
        BinaryPrimitives.ReadUInt32BigEndian(source[40..]),
        BinaryPrimitives.ReadInt32BigEndian(source[44..]) != 0);

    public static void Write(Span<byte> destination, in CompactedFence fence)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, fence.FirstOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], fence.EntriesAt);
        BinaryPrimitives.WriteInt32BigEndian(destination[16..], fence.Entries);
    }

    public static CompactedFence ReadFence(ReadOnlySpan<byte> source) =>
        new(Long(source, 0), Long(source, 8), BinaryPrimitives.ReadInt32BigEndian(source[16..]));

    /// <summary>Writes the CRC of all bytes but the last four into those.</summary>
    public static void Seal(Span<byte> bytes) =>
        BinaryPrimitives.WriteUInt32BigEndian(bytes[^CrcSize..], BodyCrc32.Ieee(bytes[..^CrcSize]));

    /// <summary>Whether the last four bytes are the CRC of those before.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= CrcSize && BinaryPrimitives.ReadUInt32BigEndian(bytes[^CrcSize..]) == BodyCrc32.Ieee(bytes[..^CrcSize]);

    private static long Long(ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadInt64BigEndian(source[at..]);
}

/// <summary>How a file of compacted records begins.</summary>
internal readonly record struct CompactedHeader(long Start, long End, long Generation, uint HashCheck);

/// <summary>How a file of compacted records ends.</summary>
internal readonly record struct CompactedFooter(long FencesAt, long Groups, long Records, long Tombstones, long NewestTombstone);

/// <summary>Where a group of entries is in its file.</summary>
internal readonly record struct CompactedFence(long FirstOffset, long EntriesAt, int Entries);

/// <summary>A record in a file of compacted records.</summary>
internal readonly record struct CompactedEntry(
    long QueueOffset, long Position, int Size, uint Crc, long TagsCode, long StoreTimestamp, uint KeyHash, bool IsTombstone);
