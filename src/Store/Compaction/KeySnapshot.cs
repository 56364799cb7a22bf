using System.Buffers.Binary;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// The file <c>keys</c> of a queue: its key table as of some moment, so that opening reads only what came after. It is
/// never needed: without it the table is made again from the compacted files and the queue.
/// <code>
///  "PBMQKEYS" 8 | generation of the compacted files 8 | queue offset before which everything is in 8
///  physical offset of the record before that 8 | queue offset of the newest record left out 8
///  slots 8 | live bytes 8 | hash of "PBMQKEYS" 4 | CRC-32 4
///  blocks of up to 5,000 slots: (hash of the key 4 | queue offset and tombstone bit 8) ... | CRC-32 4
/// </code>
/// </summary>
internal static class KeySnapshot
{
    public const string FileName = "keys";
    private const int HeaderSize = 64;
    private const int SlotSize = 12;
    private const int BlockSlots = 5000;

    private static ReadOnlySpan<byte> Magic => "PBMQKEYS"u8;

    /// <summary>
    /// Writes the table; durable on return. Slots that change while it is copied are left out: who reads it takes what the
    /// queue has after it, and must not use it when the queue does not have their records.
    /// </summary>
    public static void Write(IFileSystem files, string directory, in KeySnapshotHeader header, KeyHash hash, KeyTable table, Lock gate)
    {
        var path = Path.Combine(directory, FileName);
        using (var file = files.Open(path + ".tmp"))
        {
            file.SetLength(0);
            var block = new byte[(BlockSlots * SlotSize) + CompactedLayout.CrcSize];
            var slot = 0;
            var written = 0L;
            var position = (long)HeaderSize;
            var newest = header.Next - 1;
            while (true)
            {
                int count;
                lock (gate)
                    count = Copy(table, header.Next, ref slot, ref newest, block);
                if (count == 0)
                    break;
                var bytes = block.AsSpan(0, (count * SlotSize) + CompactedLayout.CrcSize);
                CompactedLayout.Seal(bytes);
                file.Write(bytes, position);
                position += bytes.Length;
                written += count;
            }

            Span<byte> head = stackalloc byte[HeaderSize];
            Write(head, header with { Slots = written, Newest = newest }, hash);
            file.Write(head, 0);
            file.Flush();
        }

        files.Rename(path + ".tmp", path);
        files.SyncDirectory(directory);
    }

    /// <summary>Removes it; durable on return.</summary>
    public static void Delete(IFileSystem files, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path))
            return;
        files.DeleteFile(path);
        files.SyncDirectory(directory);
    }

    /// <summary>
    /// Reads slots of records before <paramref name="limit"/> into an empty table; false when there is none, or none that
    /// can be trusted: then the table is to be thrown away.
    /// </summary>
    public static bool TryRead(IFileSystem files, string directory, KeyHash hash, KeyTable table, long limit, out KeySnapshotHeader header)
    {
        header = default;
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path))
            return false;
        using var file = files.Open(path);
        Span<byte> head = stackalloc byte[HeaderSize];
        if (file.Read(head, 0) < HeaderSize || !TryRead(head, hash, out header))
            return false;
        var blocks = (header.Slots + BlockSlots - 1) / BlockSlots;
        if (header.Slots > int.MaxValue || file.Length != HeaderSize + (header.Slots * SlotSize) + (blocks * CompactedLayout.CrcSize))
            return false;
        var block = new byte[(BlockSlots * SlotSize) + CompactedLayout.CrcSize];
        var position = (long)HeaderSize;
        for (var left = header.Slots; left > 0; left -= BlockSlots)
        {
            var bytes = block.AsSpan(0, ((int)Math.Min(left, BlockSlots) * SlotSize) + CompactedLayout.CrcSize);
            if (file.Read(bytes, position) < bytes.Length || !CompactedLayout.IsSealed(bytes))
                return false;
            for (var at = 0; at < bytes.Length - CompactedLayout.CrcSize; at += SlotSize)
            {
                var value = BinaryPrimitives.ReadInt64BigEndian(bytes[(at + 4)..]);
                if (value >> 1 < limit)
                    table.Add(BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]), value >> 1, (value & 1) != 0);
            }

            position += bytes.Length;
        }

        return true;
    }

    private static int Copy(KeyTable table, long next, ref int slot, ref long newest, Span<byte> block)
    {
        var count = 0;
        for (; slot < table.End && count < BlockSlots; slot++)
        {
            if (!table.IsUsed(slot))
                continue;
            newest = Math.Max(newest, table.OffsetOf(slot));
            if (table.OffsetOf(slot) >= next)
                continue;
            var bytes = block[(count++ * SlotSize)..];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, table.HashOf(slot));
            BinaryPrimitives.WriteInt64BigEndian(bytes[4..], (table.OffsetOf(slot) << 1) | (table.IsTombstone(slot) ? 1L : 0));
        }

        return count;
    }

    private static void Write(Span<byte> head, in KeySnapshotHeader header, KeyHash hash)
    {
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt64BigEndian(head[8..], header.Generation);
        BinaryPrimitives.WriteInt64BigEndian(head[16..], header.Next);
        BinaryPrimitives.WriteInt64BigEndian(head[24..], header.LastRecord);
        BinaryPrimitives.WriteInt64BigEndian(head[32..], header.Newest);
        BinaryPrimitives.WriteInt64BigEndian(head[40..], header.Slots);
        BinaryPrimitives.WriteInt64BigEndian(head[48..], header.LiveBytes);
        BinaryPrimitives.WriteUInt32BigEndian(head[56..], hash.Of(Magic));
        CompactedLayout.Seal(head);
    }

    private static bool TryRead(ReadOnlySpan<byte> head, KeyHash hash, out KeySnapshotHeader header)
    {
        header = new KeySnapshotHeader(
            BinaryPrimitives.ReadInt64BigEndian(head[8..]),
            BinaryPrimitives.ReadInt64BigEndian(head[16..]),
            BinaryPrimitives.ReadInt64BigEndian(head[24..]),
            BinaryPrimitives.ReadInt64BigEndian(head[32..]),
            BinaryPrimitives.ReadInt64BigEndian(head[40..]),
            BinaryPrimitives.ReadInt64BigEndian(head[48..]));
        return head.StartsWith(Magic)
            && CompactedLayout.IsSealed(head)
            && BinaryPrimitives.ReadUInt32BigEndian(head[56..]) == hash.Of(Magic)
            && header is { Next: >= 0, Slots: >= 0 };
    }
}

/// <summary>What a snapshot says of itself.</summary>
/// <param name="Generation">Of the newest compacted file; another one means that the snapshot is of other files.</param>
/// <param name="Next">Everything before this queue offset is in it.</param>
/// <param name="LastRecord">Physical offset of the record before <paramref name="Next"/>, -1 when the queue has no entry for it.</param>
/// <param name="Newest">Queue offset of the newest record that a slot pointed to while it was written.</param>
/// <param name="Slots">Slots in it.</param>
/// <param name="LiveBytes">Bytes of the records that the slots point to.</param>
internal readonly record struct KeySnapshotHeader(long Generation, long Next, long LastRecord, long Newest, long Slots, long LiveBytes);
