using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Projections;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>What was found of the index when the store was opened.</summary>
internal sealed class IndexFound
{
    /// <summary>Sizes of the files.</summary>
    public IndexLayout Layout { get; set; }

    /// <summary>Files that are kept, in their order; all are full but for the last one.</summary>
    public List<IndexFile> Kept { get; } = [];

    /// <summary>Names of files that are not: removed once their entries are made again.</summary>
    public List<string> Doomed { get; } = [];

    /// <summary>Names of those that had entries.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>The file before which one is gone; null without.</summary>
    public string? GapBefore { get; set; }

    /// <summary>The first file is gone, or all are.</summary>
    public bool IsHeadless { get; set; }

    /// <summary>The last file is gone.</summary>
    public bool IsShort { get; set; }

    /// <summary>Highest name in the directory.</summary>
    public string? LastName { get; set; }

    /// <summary>From this offset on records must be told.</summary>
    public long Offset { get; set; }
}

/// <summary>
/// Finds the index files and how far they can be trusted: as long as they follow each other, each sound, all full but for
/// the last one, and none of them gone: between two the log knows, at the ends the checkpoint. The rest is made again from
/// the log.
/// </summary>
internal static class IndexLoader
{
    public static IndexFound Load(IFileSystem files, string directory, StoreOptions options, in ProjectionStart start)
    {
        var wanted = new IndexLayout(options.IndexSlots, options.IndexEntries);
        var result = new IndexFound { Offset = start.Offset, Layout = wanted };
        var found = files.List(directory).Where(file => !file.IsDirectory && IndexFileName.IsOne(file.Name)).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        result.LastName = found.Count > 0 ? found[^1].Name : null;
        if (start.Rebuild)
        {
            result.Doomed.AddRange(found.Select(file => file.Name));
            result.Offset = start.LogStart;
            return result;
        }

        if (found.Count > 0)
            result.Layout = LayoutSearch.Find(files, directory, found, CommonSize(found), wanted) ?? wanted;
        foreach (var file in found)
            Judge(files, directory, file, start, result);
        if (start.Index.Begin >= 0)
            JudgeEnds(start, result);
        return result;
    }

    /// <summary>Files that are gone before the first and behind the last of those that are there.</summary>
    private static void JudgeEnds(in ProjectionStart start, IndexFound result)
    {
        if (result.Kept.Count == 0 && result.Lost.Count > 0)
            result.Offset = Math.Min(result.Offset, Begin(start));
        else if (result.Kept.Count == 0 ? start.Index.End >= start.LogStart : IsHeadless(result.Kept[0].Header.BeginOffset, start))
        {
            result.IsHeadless = true;
            result.Offset = Math.Min(result.Offset, Begin(start));
            result.Doomed.InsertRange(0, result.Kept.Select(file => file.Name));
            result.Lost.InsertRange(0, result.Kept.Select(file => file.Name));
            result.Kept.Clear();
        }
        else if (result.Kept.Count > 0 && result.Kept[^1].Header.EndOffset is var end && end < start.Index.End && start.Index.End < start.Offset)
        {
            result.IsShort = true;
            result.Offset = Math.Min(result.Offset, end);
        }
    }

    /// <summary>Whether the index began earlier, and the log still has what it began with.</summary>
    private static bool IsHeadless(long begin, in ProjectionStart start) =>
        begin > start.Index.Begin && (start.Index.Begin >= start.LogStart || IndexChain.HasKeys(start.LogStart, begin, start));

    private static long Begin(in ProjectionStart start) => Math.Max(start.LogStart, start.Index.Begin);

    /// <summary>The size that most files have; a crash may have left one short.</summary>
    private static long CommonSize(List<FileEntry> found) => found
        .GroupBy(file => file.Length)
        .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key)
        .First().Key;

    private static void Judge(IFileSystem files, string directory, FileEntry file, in ProjectionStart start, IndexFound result)
    {
        var last = result.Kept.Count > 0 ? result.Kept[^1] : null;
        using var probe = new IndexProbe(files, Path.Combine(directory, file.Name));
        var isSound = result.Doomed.Count == 0 && last is null or { IsFull: true } && IsSound(probe, last, result.Layout, start);
        if (isSound && last is not null && !IndexChain.IsWhole(last.Header.EndOffset, probe.Header.BeginOffset, start))
            result.GapBefore = file.Name;
        else if (isSound)
        {
            result.Kept.Add(new IndexFile(files, directory, file.Name, result.Layout, probe.Header));
            return;
        }

        result.Doomed.Add(file.Name);
        if (probe.HasHeader && probe.Header.IsEmpty && probe.Header.UsedSlots == 0)
            return;

        // What it had is told again: from the end of the file before it, else from where it says it began.
        result.Lost.Add(file.Name);
        var from = last is not null ? last.Header.EndOffset : probe.HasHeader && probe.Header.BeginOffset >= 0 ? probe.Header.BeginOffset : start.Offset;
        result.Offset = Math.Min(result.Offset, from);
    }

    private static bool IsSound(IndexProbe probe, IndexFile? last, IndexLayout layout, in ProjectionStart start) =>
        probe.Fits(layout)
        && probe.Header.EndTimestamp <= start.IndexTimestamp
        && (last is null || probe.Header.BeginOffset >= last.Header.EndOffset);
}
