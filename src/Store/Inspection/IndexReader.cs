using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Index;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>An entry of the key index.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Index">Its place in the file; the first is 1.</param>
/// <param name="Hash">Hash of topic and key.</param>
/// <param name="PhysicalOffset">The record.</param>
/// <param name="Seconds">Seconds from the file's first record on.</param>
/// <param name="Previous">The entry before it with the same slot; 0 without.</param>
/// <param name="Position">Byte in the file.</param>
public readonly record struct IndexItem(string File, int Index, int Hash, long PhysicalOffset, int Seconds, int Previous, long Position);

/// <summary>A file of the key index.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Bytes.</param>
/// <param name="IsSound">Its head agrees with its size and its first and last entries, or it has none.</param>
/// <param name="BeginTimestamp">Store time of the first record.</param>
/// <param name="EndTimestamp">Store time of the last one.</param>
/// <param name="BeginOffset">Physical offset of the first record.</param>
/// <param name="EndOffset">Physical offset of the last one.</param>
/// <param name="UsedSlots">Slots in use.</param>
/// <param name="Count">Entries and one.</param>
public sealed record IndexFileContent(
    string Name, long Length, bool IsSound, long BeginTimestamp, long EndTimestamp, long BeginOffset, long EndOffset, int UsedSlots, int Count);

/// <summary>Reads the files of the key index, front to back.</summary>
public sealed class IndexReader
{
    private readonly StoreFiles _store;
    private readonly string _directory;
    private readonly IndexLayout? _layout;

    internal IndexReader(StoreFiles store)
    {
        _store = store;
        _directory = store.PathOf("index");
        var found = store.Files.List(_directory).Where(file => !file.IsDirectory && IndexFileName.IsOne(file.Name)).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        if (found.Count > 0)
        {
            var size = found.GroupBy(file => file.Length).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).First().Key;
            _layout = LayoutSearch.Find(store.Files, _directory, found, size, IndexLayout.Apache);
        }

        Files = [.. found.Select(TryLook).OfType<IndexFileContent>()];
    }

    /// <summary>Files with records up to this one were deleted by a running broker while they were looked at; -1 without.</summary>
    internal long DeletedTo { get; private set; } = -1;

    /// <summary>The files in their order.</summary>
    public IReadOnlyList<IndexFileContent> Files { get; }

    /// <summary>Entries of a file; none when it is not sound.</summary>
    public IEnumerable<IndexItem> Entries(IndexFileContent file)
    {
        if (_layout is not { } layout || !file.IsSound)
            yield break;
        if (Open(file) is not { } opened)
            yield break;
        using var window = new FileWindow(opened);
        for (var index = 1; index < file.Count; index++)
        {
            var position = layout.EntriesAt + ((long)index * IndexEntry.EncodedSize);
            if (!TryEntry(window, position, out var entry))
                yield break;
            yield return new IndexItem(file.Name, index, entry.Hash, entry.Offset, entry.Seconds, entry.Previous, position);
        }
    }

    private static bool TryEntry(FileWindow window, long position, out IndexEntry entry)
    {
        var bytes = window.At(position, IndexEntry.EncodedSize);
        entry = bytes.Length == IndexEntry.EncodedSize ? IndexEntry.Read(bytes) : default;
        return bytes.Length == IndexEntry.EncodedSize;
    }

    private IRandomFile? Open(IndexFileContent file)
    {
        try
        {
            return _store.Files.OpenRead(Path.Combine(_directory, file.Name));
        }
        catch (FileNotFoundException)
        {
            DeletedTo = Math.Max(DeletedTo, file.EndOffset);
            return null;
        }
    }

    private IndexFileContent? TryLook(FileEntry file)
    {
        try
        {
            return Look(file);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private IndexFileContent Look(FileEntry file)
    {
        using var probe = new IndexProbe(_store.Files, Path.Combine(_directory, file.Name));
        var header = probe.Header;
        var isSound = probe.HasHeader && ((header.IsEmpty && header.UsedSlots == 0) || (_layout is { } layout && probe.Fits(layout)));
        return new IndexFileContent(file.Name, file.Length, isSound, header.BeginTimestamp, header.EndTimestamp, header.BeginOffset, header.EndOffset, header.UsedSlots, header.Count);
    }
}
