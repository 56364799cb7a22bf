using System.Globalization;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Compaction;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>Reads the compacted topics: the list, every file, every record in them, and whether the files follow each other.</summary>
internal sealed class CompactionCheck(StoreFiles store, FindingList findings, bool isWritten)
{
    private const int MaxOpen = 16;
    private const int MostLooks = 10;
    private const string Restore = "Restore the file from a copy. Or move it away: then the keys whose latest record is in it alone are lost.";

    private readonly CompactedEntry[] _entries = new CompactedEntry[CompactedLayout.GroupRecords];

    /// <summary>Files of compacted records.</summary>
    public long Files { get; private set; }

    /// <summary>Records in them.</summary>
    public long Records { get; private set; }

    public void Run()
    {
        var directory = store.PathOf("compaction");
        var list = new CompactedTopicList(store.Files, directory);
        try
        {
            list.Read();
        }
        catch (StoreUnusableException)
        {
            findings.Add(new Finding(FindingSeverity.Damage, "compaction-list", Path.Combine("compaction", "topics.json"), -1, "Neither it nor its backup can be read.", "Restore one of them from a copy: without it the broker does not start."));
            return;
        }

        if (list.Seed.Length == 0)
            return;
        var hash = new KeyHash(list.Seed);
        using var handles = new FileHandles(store.Files, MaxOpen);
        foreach (var topic in list.Topics)
        {
            foreach (var queue in store.Files.List(Path.Combine(directory, topic)))
            {
                if (queue.IsDirectory && int.TryParse(queue.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    CheckQueue(handles, hash, Path.Combine("compaction", topic, queue.Name));
            }
        }
    }

    private void CheckQueue(FileHandles handles, KeyHash hash, string directory)
    {
        for (var look = 1; ; look++)
        {
            var (files, records) = (Files, Records);
            var names = NamesIn(directory);
            var told = findings.Fork();
            CheckFiles(handles, hash, directory, told);

            // A running broker replaces files by others: what was found of some that are gone is not true of the others.
            if (!isWritten || look == MostLooks || NamesIn(directory).SetEquals(names))
            {
                findings.Take(told);
                break;
            }

            (Files, Records) = (files, records);
        }

        CheckSnapshot(hash, directory);
    }

    private HashSet<string> NamesIn(string directory) => [.. store.Files.List(store.PathOf(directory)).Select(static entry => entry.Name)];

    private void CheckFiles(FileHandles handles, KeyHash hash, string directory, FindingList told)
    {
        var found = new List<CompactedFile>();
        foreach (var entry in store.Files.List(store.PathOf(directory)))
        {
            var path = Path.Combine(directory, entry.Name);
            if (entry.Name.EndsWith(CompactedFileWriter.Unfinished, StringComparison.Ordinal))
                told.Add(new Finding(FindingSeverity.Repairable, "compacted-unfinished", path, -1, "It was not finished.", "The next start deletes it."));
            else if (!entry.IsDirectory && CompactedFiles.IsName(entry.Name))
                CheckFile(handles, hash, path, found, told);
        }

        var kept = CompactedFiles.InUse(found, out var replaced);
        foreach (var file in replaced)
            told.Add(new Finding(FindingSeverity.Repairable, "compacted-replaced", Path.GetRelativePath(store.Directory, file.Path), -1, "A newer file stands for what is in it.", "The next start deletes it."));
        for (var i = 1; i < kept.Count; i++)
        {
            if (kept[i].Start != kept[i - 1].End)
                told.Add(new Finding(FindingSeverity.Damage, "compacted-file-missing", Path.GetRelativePath(store.Directory, kept[i].Path), -1, $"It begins at queue offset {kept[i].Start}, the file before it ends at {kept[i - 1].End}.", "Restore the missing file from a copy: without it the broker does not start."));
        }
    }

    private void CheckFile(FileHandles handles, KeyHash hash, string path, List<CompactedFile> found, FindingList told)
    {
        CompactedFile file;
        try
        {
            file = CompactedFile.Open(handles, store.PathOf(path), hash);
            file.CheckEntries();
        }
        catch (StoreUnusableException error)
        {
            told.Add(new Finding(FindingSeverity.Damage, "compacted-file", path, -1, error.Message, Restore));
            return;
        }

        found.Add(file);
        Files++;
        for (var offset = file.Start; file.ReadFrom(offset, _entries, out _) is > 0 and var count; offset = _entries[count - 1].QueueOffset + 1)
        {
            foreach (var entry in _entries.AsSpan(0, count))
            {
                Records++;
                if (!IsSound(file, entry))
                    told.Add(new Finding(FindingSeverity.Damage, "compacted-record", path, entry.Position, $"The record of queue offset {entry.QueueOffset} fails its CRC.", "It is left out of reads. " + Restore));
            }
        }
    }

    private static bool IsSound(CompactedFile file, in CompactedEntry entry) =>
        file.ReadRecord(entry) is { } bytes
        && MessageRecord.TryRead(bytes, out var record) == RecordError.None
        && record.QueueOffset == entry.QueueOffset
        && record.CrcMatches;

    private void CheckSnapshot(KeyHash hash, string directory)
    {
        var path = Path.Combine(directory, KeySnapshot.FileName);
        if (store.Files.FileExists(store.PathOf(path)) && !KeySnapshot.TryRead(store.Files, store.PathOf(directory), hash, new KeyTable(), long.MaxValue, out _))
            findings.Add(new Finding(FindingSeverity.Repairable, "key-snapshot", path, -1, "It is damaged.", "The next start makes the keys again from the records."));
    }
}
