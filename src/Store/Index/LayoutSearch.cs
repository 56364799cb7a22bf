using System.Buffers.Binary;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// Finds the layout of the index files of a directory. Their size alone does not tell it: a full file tells its entries,
/// else the layouts in use are tried, else every layout of that size.
/// </summary>
internal static class LayoutSearch
{
    private const int FilesToAsk = 4;

    /// <summary>The layout of the first file that has one; null when none tells.</summary>
    public static IndexLayout? Find(IFileSystem files, string directory, IReadOnlyList<FileEntry> found, long size, IndexLayout wanted)
    {
        foreach (var file in found.Where(file => file.Length == size).Take(FilesToAsk))
        {
            var path = Path.Combine(directory, file.Name);
            using var probe = new IndexProbe(files, path);
            if (!probe.HasHeader || probe.Header.IsEmpty)
                continue;
            if (IndexLayout.Of(size, probe.Header.Count) is { } full && found.Count > 1 && probe.Fits(full))
                return full;
            if (probe.Fits(wanted))
                return wanted;
            if (probe.Fits(IndexLayout.Apache))
                return IndexLayout.Apache;
            if (TryAll(files, path, probe, out var layout))
                return layout;
        }

        return wanted.FileSize == size ? wanted : null;
    }

    private static bool TryAll(IFileSystem files, string path, IndexProbe probe, out IndexLayout layout)
    {
        layout = default;
        var header = probe.Header;
        if (probe.Length > int.MaxValue)
            return false;
        var size = (int)probe.Length;
        using var mapped = files.Map(path, size);
        var bytes = mapped.Memory.Span;
        for (var entries = Math.Max(2, header.Count); IndexHeader.Size + IndexLayout.SlotSize + ((long)entries * IndexEntry.EncodedSize) <= size; entries++)
        {
            // The cheap look first: the rest of the check opens nothing but reads more.
            var at = size - ((entries - 1) * IndexEntry.EncodedSize) + 4;
            if (BinaryPrimitives.ReadInt64BigEndian(bytes[at..]) != header.BeginOffset || IndexLayout.Of(size, entries) is not { } tried || !probe.Fits(tried))
                continue;
            layout = tried;
            return true;
        }

        return false;
    }
}
