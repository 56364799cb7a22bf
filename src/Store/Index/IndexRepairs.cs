using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>The repairs of the key index, by the names in docs/storage.md.</summary>
internal static class IndexRepairs
{
    private const int NamesShown = 5;

    public static Repair IndexAheadOfLog(long end) => new(
        nameof(IndexAheadOfLog),
        "The machine stopped with index pages on disk whose records are not, or the log lost its end.",
        $"Cut off the index entries of records from offset {end} on.");

    /// <summary>What loading the files repairs; null when nothing was missing.</summary>
    public static Repair? Of(IndexFound found) => found switch
    {
        { IsHeadless: true } => MissingFirstIndexFile(found),
        { GapBefore: not null } => MissingIndexFile(found),
        { Lost.Count: > 0 } => LostIndexFile(found),
        { IsShort: true } => MissingLastIndexFile(found),
        _ => null,
    };

    public static Repair MissingFirstIndexFile(IndexFound found) => new(
        nameof(MissingFirstIndexFile),
        "No crash: the first index file was deleted, or the whole directory, or the disk lost it.",
        $"Made the index again from offset {found.Offset} on, with {found.Lost.Count} file(s) that were there.");

    public static Repair MissingLastIndexFile(IndexFound found) => new(
        nameof(MissingLastIndexFile),
        "No crash: the last index file was deleted, or the disk lost it.",
        $"Made what was in it again, from offset {found.Offset} on.");

    public static Repair LostIndexFile(IndexFound found) => new(
        nameof(LostIndexFile),
        "The machine stopped before an index file was on disk, the disk changed it, or Apache RocketMQ wrote it and was not closed.",
        $"Made {found.Lost.Count} index file(s) again from offset {found.Offset} on: {string.Join(", ", found.Lost.Take(NamesShown))}.");

    public static Repair MissingIndexFile(IndexFound found) => new(
        nameof(MissingIndexFile),
        "No crash: an index file between two others was deleted, or the disk lost it.",
        $"Made what was before index file {found.GapBefore} again, from offset {found.Offset} on, with {found.Lost.Count} file(s) behind it.");

    public static Repair IndexSlotsAhead(int slots) => new(
        nameof(IndexSlotsAhead),
        "The process died, or the machine stopped, between an index entry and the flush that counts it.",
        $"Took {slots} slot(s) back to the entries that are counted.");

    public static Repair MissingIndexTail(long entries) => new(
        nameof(MissingIndexTail),
        "The process died, or the machine stopped, before index entries were written or flushed.",
        $"Made {entries} index entries from the log.");
}
