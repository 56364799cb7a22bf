using System.Globalization;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// The files of compacted records of one queue, <c>compaction/TOPIC/QUEUE/START.GENERATION</c>, ascending and without a
/// hole: they stand for all queue offsets before <see cref="End"/>.
/// </summary>
internal sealed class CompactedFiles
{
    private CompactedFiles(CompactedFile[] all) => All = all;

    public static CompactedFiles None { get; } = new([]);

    public CompactedFile[] All { get; }

    /// <summary>Queue offset after the last one that a file stands for; 0 without a file.</summary>
    public long End => All.Length == 0 ? 0 : All[^1].End;

    /// <summary>Queue offset of the first record; <see cref="End"/> without.</summary>
    public long FirstOffset
    {
        get
        {
            foreach (var file in All)
            {
                if (file.Records > 0)
                    return file.FirstOffset;
            }

            return End;
        }
    }

    /// <summary>The number of the newest file; 0 without.</summary>
    public long Generation => All.Length == 0 ? 0 : All.Max(file => file.Generation);

    public long Records => All.Sum(file => file.Records);

    public long Length => All.Sum(file => file.Length);

    public static string NameOf(long start, long generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{start:D20}.{generation:D10}");

    /// <summary>
    /// Opens the files of a directory. One that a newer file stands for as well is deleted, and so is one that was not
    /// finished: a crash left them.
    /// </summary>
    public static CompactedFiles Load(IFileSystem files, FileHandles handles, KeyHash hash, string directory)
    {
        var found = new List<CompactedFile>();
        foreach (var entry in files.List(directory))
        {
            if (entry.IsDirectory)
                continue;
            var path = Path.Combine(directory, entry.Name);
            if (entry.Name.EndsWith(CompactedFileWriter.Unfinished, StringComparison.Ordinal))
                files.DeleteFile(path);
            else if (IsName(entry.Name))
                found.Add(CompactedFile.Open(handles, path, hash));
        }

        var kept = InUse(found, out var old);
        for (var i = 1; i < kept.Count; i++)
        {
            if (kept[i].Start != kept[i - 1].End)
            {
                throw new StoreUnusableException(
                    $"Between the files '{kept[i - 1].Path}' and '{kept[i].Path}' of compacted records one is missing (queue offsets {kept[i - 1].End} to {kept[i].Start}). "
                    + "Restore it from a copy. Or move the older ones away too: then the keys whose latest record is in them alone are lost, all others are kept.");
            }
        }

        foreach (var file in old)
            Delete(files, handles, file);
        return new CompactedFiles([.. kept]);
    }

    /// <summary>Files that are in use, ascending. They do not overlap: of two that do the older one was replaced, or given up.</summary>
    public static List<CompactedFile> InUse(IEnumerable<CompactedFile> found, out List<CompactedFile> replaced)
    {
        var kept = new List<CompactedFile>();
        replaced = [];
        foreach (var file in found.OrderByDescending(file => file.Generation))
            (kept.Any(newer => newer.Start < file.End && file.Start < newer.End) ? replaced : kept).Add(file);
        kept.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        return kept;
    }

    /// <summary>Whether a file is named as one of compacted records.</summary>
    public static bool IsName(string name) =>
        name.Length == 31 && name[20] == '.' && !name.AsSpan(0, 20).ContainsAnyExceptInRange('0', '9') && !name.AsSpan(21).ContainsAnyExceptInRange('0', '9');

    /// <summary>These files with one in place of those from an index on.</summary>
    public CompactedFiles With(int from, CompactedFile file) => new([.. All[..from], file]);

    /// <summary>Deletes a file that another one stands for.</summary>
    public static void Delete(IFileSystem files, FileHandles handles, CompactedFile file)
    {
        handles.Forget(file.Path);
        files.DeleteFile(file.Path);
    }

    /// <summary>Reads entries at or behind an offset; 0 when there is none, or a file was replaced meanwhile.</summary>
    public int ReadFrom(long offset, Span<CompactedEntry> entries, out CompactedFile? file, out bool gone)
    {
        gone = false;
        for (var i = IndexOf(offset); i < All.Length; i++)
        {
            file = All[i];
            var count = file.ReadFrom(offset, entries, out gone);
            if (count > 0 || gone)
                return count;
        }

        file = null;
        return 0;
    }

    /// <summary>The record at an offset: empty when there is none, it is damaged, or the files were replaced meanwhile.</summary>
    public byte[]? Read(long offset, out bool gone)
    {
        gone = false;
        var index = IndexOf(offset);
        if (index == All.Length || !All[index].TryFind(offset, out var entry, out gone))
            return null;
        var bytes = All[index].ReadRecord(entry);
        gone = bytes is null;
        return bytes;
    }

    private int IndexOf(long offset)
    {
        var index = 0;
        while (index < All.Length && All[index].End <= offset)
            index++;
        return index;
    }
}
