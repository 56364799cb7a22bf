using System.Buffers.Binary;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// An entry of an index file, big-endian.
/// <code>
///  hash of the key 4 | physical offset 8 | seconds since the file's first record 4 | index of the previous entry of the slot 4
/// </code>
/// </summary>
internal readonly record struct IndexEntry(int Hash, long Offset, int Seconds, int Previous)
{
    public const int EncodedSize = 20;

    public static IndexEntry Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt32BigEndian(bytes),
        BinaryPrimitives.ReadInt64BigEndian(bytes[4..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[12..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[16..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, Hash);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], Offset);
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], Seconds);
        BinaryPrimitives.WriteInt32BigEndian(bytes[16..], Previous);
    }
}
