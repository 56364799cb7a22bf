namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// Where the parts of an index file are.
/// <code>
///  header 40 | slot 4 ... (index of the newest entry with hash % slots) | entry 20 ... (the first one is never used)
/// </code>
/// </summary>
internal readonly record struct IndexLayout(int Slots, int Entries)
{
    public const int SlotSize = 4;

    /// <summary>Apache RocketMQ's defaults.</summary>
    public static IndexLayout Apache { get; } = new(5_000_000, 20_000_000);

    public int EntriesAt => IndexHeader.Size + (Slots * SlotSize);

    public long FileSize => IndexHeader.Size + ((long)Slots * SlotSize) + ((long)Entries * IndexEntry.EncodedSize);

    public int SlotAt(int hash) => IndexHeader.Size + (hash % Slots * SlotSize);

    public int EntryAt(int index) => EntriesAt + (index * IndexEntry.EncodedSize);

    /// <summary>The layout of files of a size that have so many entries; null when there is none.</summary>
    public static IndexLayout? Of(long fileSize, int entries)
    {
        var slots = (fileSize - IndexHeader.Size - ((long)entries * IndexEntry.EncodedSize)) / SlotSize;
        var layout = new IndexLayout((int)Math.Clamp(slots, 0, int.MaxValue), entries);
        return slots >= 1 && entries >= 2 && layout.FileSize == fileSize ? layout : null;
    }
}
