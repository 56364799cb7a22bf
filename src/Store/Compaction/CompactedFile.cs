using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// A file of compacted records that is read. What it says of itself is checked when it is opened, each group of entries
/// and each record when it is read. Thread-safe: it does not change.
/// </summary>
internal sealed class CompactedFile
{
    private readonly FileHandles _handles;
    private readonly CompactedHeader _header;
    private readonly CompactedFooter _footer;
    private readonly CompactedFence[] _fences;

    private CompactedFile(FileHandles handles, string path, long length, in CompactedHeader header, in CompactedFooter footer, CompactedFence[] fences)
    {
        _handles = handles;
        Path = path;
        Length = length;
        _header = header;
        _footer = footer;
        _fences = fences;
    }

    public string Path { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>First queue offset that it stands for.</summary>
    public long Start => _header.Start;

    /// <summary>Queue offset after the last one that it stands for.</summary>
    public long End => _header.End;

    /// <summary>Files of a queue are numbered in the order in which they were made.</summary>
    public long Generation => _header.Generation;

    public long Records => _footer.Records;

    public long Tombstones => _footer.Tombstones;

    public long NewestTombstone => _footer.NewestTombstone;

    /// <summary>Queue offset of the first record; <see cref="End"/> when there is none.</summary>
    public long FirstOffset => _fences.Length == 0 ? End : _fences[0].FirstOffset;

    /// <summary>Opens a file and checks what it says of itself.</summary>
    /// <exception cref="StoreUnusableException">It is damaged.</exception>
    public static CompactedFile Open(FileHandles handles, string path, KeyHash hash)
    {
        var length = handles.Length(path);
        Span<byte> bytes = stackalloc byte[CompactedLayout.HeaderSize];
        if (handles.Read(path, bytes, 0) < bytes.Length || !CompactedLayout.TryRead(bytes, out CompactedHeader header))
            throw Damaged(path, "its header is not what was written");
        if (header.HashCheck != hash.Of(CompactedLayout.HeaderMagic))
            throw Damaged(path, "it belongs to another 'compaction/topics.json'");
        if (handles.Read(path, bytes, length - CompactedLayout.FooterSize) < bytes.Length || !CompactedLayout.TryRead(bytes, out CompactedFooter footer))
            throw Damaged(path, "its end is not what was written");
        var size = (footer.Groups * CompactedLayout.FenceSize) + CompactedLayout.CrcSize;
        if (footer.FencesAt != length - CompactedLayout.FooterSize - size)
            throw Damaged(path, "its length is not what its end says");
        var fences = ReadFences(handles, path, footer, header);
        return new CompactedFile(handles, path, length, header, footer, fences);
    }

    /// <summary>Reads every entry and checks them; <see cref="StoreUnusableException"/> when one is damaged.</summary>
    public void CheckEntries()
    {
        Span<CompactedEntry> group = new CompactedEntry[CompactedLayout.GroupRecords];
        try
        {
            for (var i = 0; i < _fences.Length; i++)
                ReadGroup(i, group);
        }
        catch (IOException error)
        {
            throw new StoreUnusableException(error.Message, error);
        }
    }

    /// <summary>
    /// Reads entries of records at or behind a queue offset, at most those of one group; 0 when there is none, or the file
    /// was replaced meanwhile (<paramref name="gone"/>).
    /// </summary>
    /// <exception cref="IOException">The entries are damaged.</exception>
    public int ReadFrom(long offset, Span<CompactedEntry> entries, out bool gone)
    {
        gone = false;
        var index = GroupOf(offset);
        Span<CompactedEntry> group = stackalloc CompactedEntry[CompactedLayout.GroupRecords];
        for (; index < _fences.Length; index++)
        {
            var count = ReadGroup(index, group);
            gone = count < 0;
            var from = 0;
            while (from < count && group[from].QueueOffset < offset)
                from++;
            if (gone || from < count)
            {
                var taken = gone ? 0 : Math.Min(count - from, entries.Length);
                group.Slice(from, taken).CopyTo(entries);
                return taken;
            }
        }

        return 0;
    }

    /// <summary>The entry of a queue offset; false when there is none, or the file was replaced meanwhile.</summary>
    public bool TryFind(long offset, out CompactedEntry entry, out bool gone)
    {
        Span<CompactedEntry> one = stackalloc CompactedEntry[1];
        var found = ReadFrom(offset, one, out gone) == 1 && one[0].QueueOffset == offset;
        entry = one[0];
        return found;
    }

    /// <summary>The bytes of a record, as its entry's CRC says; null when they are damaged, or the file was replaced meanwhile.</summary>
    public byte[]? ReadRecord(in CompactedEntry entry)
    {
        var bytes = new byte[entry.Size];
        return _handles.Read(Path, bytes, entry.Position) == bytes.Length && BodyCrc32.Ieee(bytes) == entry.Crc ? bytes : null;
    }

    /// <summary>The bytes of a record, damaged or not; null when the file does not have so many.</summary>
    public byte[]? ReadRaw(in CompactedEntry entry)
    {
        var bytes = new byte[entry.Size];
        return _handles.Read(Path, bytes, entry.Position) == bytes.Length ? bytes : null;
    }

    private static CompactedFence[] ReadFences(FileHandles handles, string path, in CompactedFooter footer, in CompactedHeader header)
    {
        var bytes = new byte[(footer.Groups * CompactedLayout.FenceSize) + CompactedLayout.CrcSize];
        if (handles.Read(path, bytes, footer.FencesAt) < bytes.Length || !CompactedLayout.IsSealed(bytes))
            throw Damaged(path, "its list of groups is not what was written");
        var fences = new CompactedFence[footer.Groups];
        var records = 0L;
        var at = (long)CompactedLayout.HeaderSize;
        var offset = header.Start;
        for (var i = 0; i < fences.Length; i++)
        {
            var fence = CompactedLayout.ReadFence(bytes.AsSpan(i * CompactedLayout.FenceSize));
            var end = fence.EntriesAt + SizeOf(fence.Entries);
            if (fence.Entries is < 1 or > CompactedLayout.GroupRecords || fence.FirstOffset < offset || fence.EntriesAt < at || end > footer.FencesAt)
                throw Damaged(path, "its list of groups cannot be");
            records += fence.Entries;
            at = end;
            offset = fence.FirstOffset + 1;
            fences[i] = fence;
        }

        return records == footer.Records && offset <= Math.Max(header.End, header.Start) ? fences : throw Damaged(path, "its list of groups cannot be");
    }

    private static int SizeOf(int entries) => (entries * CompactedLayout.EntrySize) + CompactedLayout.CrcSize;

    private static StoreUnusableException Damaged(string path, string what) => new(Complaint(path, what));

    private static string Complaint(string path, string what) =>
        $"The file '{path}' of compacted records is damaged: {what}. Restore it from a copy. "
        + "Or move it away: then the keys whose latest record is in it alone are lost, all others are kept.";

    /// <summary>The last group that begins at or before an offset.</summary>
    private int GroupOf(long offset)
    {
        var low = 0;
        var high = _fences.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_fences[middle].FirstOffset <= offset)
                low = middle + 1;
            else
                high = middle;
        }

        return Math.Max(0, low - 1);
    }

    /// <summary>Reads the entries of a group, -1 when the file was replaced meanwhile.</summary>
    private int ReadGroup(int index, Span<CompactedEntry> entries)
    {
        var fence = _fences[index];
        Span<byte> bytes = stackalloc byte[(CompactedLayout.GroupRecords * CompactedLayout.EntrySize) + CompactedLayout.CrcSize];
        bytes = bytes[..SizeOf(fence.Entries)];
        var read = _handles.Read(Path, bytes, fence.EntriesAt);
        if (read < 0)
            return -1;
        if (read < bytes.Length || !CompactedLayout.IsSealed(bytes))
            throw new IOException(Complaint(Path, $"the entries at {fence.EntriesAt} are not what was written"));
        var offset = fence.FirstOffset;
        for (var i = 0; i < fence.Entries; i++)
        {
            var entry = CompactedLayout.ReadEntry(bytes[(i * CompactedLayout.EntrySize)..]);
            if (entry.QueueOffset < offset || entry.QueueOffset >= End || entry.Size < MessageRecord.MinimumSize
                || entry.Position < CompactedLayout.HeaderSize || entry.Position > fence.EntriesAt - entry.Size)
            {
                throw new IOException(Complaint(Path, $"the entries at {fence.EntriesAt} cannot be"));
            }

            entries[i] = entry;
            offset = entry.QueueOffset + 1;
        }

        return fence.Entries;
    }
}
