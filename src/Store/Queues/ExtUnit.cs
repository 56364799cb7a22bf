using System.Buffers.Binary;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// What the extension of a queue entry carries, big-endian. The entry has the unit's address in the place of its tag code.
/// <code>
///  size of the unit 2 | hash of the tag 8 | store time 8 | bytes of the bit map 2 | bit map
/// </code>
/// A size of -1 says that the next unit is at the start of the next file; four bytes at the end of a file are kept for it.
/// </summary>
internal readonly ref struct ExtUnit
{
    /// <summary>Bytes of a unit without a bit map.</summary>
    public const int MinimumSize = 2 + 8 + 8 + 2;

    /// <summary>Largest unit.</summary>
    public const int MaximumSize = short.MaxValue;

    /// <summary>Bytes at the end of a file that units leave free.</summary>
    public const int EndBlank = 4;

    /// <summary>The size that ends a file.</summary>
    public const short EndOfFile = -1;

    public ExtUnit(long tagsCode, long storeTimestamp, ReadOnlySpan<byte> bitMap)
    {
        TagsCode = tagsCode;
        StoreTimestamp = storeTimestamp;
        BitMap = bitMap;
    }

    /// <summary>What the entry would carry without an extension.</summary>
    public long TagsCode { get; }

    /// <summary>Store time of the record.</summary>
    public long StoreTimestamp { get; }

    /// <summary>Which filters the message may pass; empty when that is not known.</summary>
    public ReadOnlySpan<byte> BitMap { get; }

    /// <summary>Bytes of the unit.</summary>
    public int Size => MinimumSize + BitMap.Length;

    /// <summary>Reads a unit; false when there is no whole one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out ExtUnit unit)
    {
        unit = default;
        if (source.Length < MinimumSize)
            return false;
        var size = BinaryPrimitives.ReadInt16BigEndian(source);
        var bitMap = BinaryPrimitives.ReadInt16BigEndian(source[18..]);
        if (bitMap < 0 || size != MinimumSize + bitMap || size > source.Length)
            return false;
        unit = new ExtUnit(BinaryPrimitives.ReadInt64BigEndian(source[2..]), BinaryPrimitives.ReadInt64BigEndian(source[10..]), source.Slice(MinimumSize, bitMap));
        return true;
    }

    /// <summary>Writes the unit.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt16BigEndian(destination, (short)Size);
        BinaryPrimitives.WriteInt64BigEndian(destination[2..], TagsCode);
        BinaryPrimitives.WriteInt64BigEndian(destination[10..], StoreTimestamp);
        BinaryPrimitives.WriteInt16BigEndian(destination[18..], (short)BitMap.Length);
        BitMap.CopyTo(destination[MinimumSize..]);
    }
}

/// <summary>Addresses of units: offsets that were moved to where no hash of a tag can be.</summary>
internal static class ExtAddress
{
    /// <summary>The highest address.</summary>
    public const long Max = int.MinValue - 1L;

    /// <summary>The highest offset.</summary>
    public const long MaxOffset = Max - long.MinValue;

    /// <summary>Whether the tag code of an entry is an address.</summary>
    public static bool Is(long tagsCode) => tagsCode <= Max;

    /// <summary>Address of an offset.</summary>
    public static long Of(long offset) => offset + long.MinValue;

    /// <summary>Offset of an address.</summary>
    public static long ToOffset(long address) => address - long.MinValue;
}
