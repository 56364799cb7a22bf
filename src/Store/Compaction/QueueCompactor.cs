using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// Copies what is still the latest of its key out of segments that are about to be deleted, into a file behind the
/// others. Files are merged while the newer ones are half as large as the one before, and all into one when more than half
/// of their records are of no use: a record is copied a few times in its life, and a queue has a few files.
/// One thread at a time.
/// </summary>
internal sealed partial class QueueCompactor(CompactionContext context)
{
    private const int EntriesAtOnce = 64;

    private readonly CompactedEntry[] _group = new CompactedEntry[CompactedLayout.GroupRecords];
    private readonly QueueEntry[] _entries = new QueueEntry[EntriesAtOnce];
    private readonly List<CompactedEntry> _forgotten = [];
    private long _copied;
    private long _dropped;
    private long _expiry;

    /// <summary>Makes everything that is needed of records before <paramref name="minOffset"/> durable in files; false when there was nothing to do.</summary>
    public bool Compact(CompactedQueue queue, long minOffset)
    {
        queue.ResolveTwins();
        var files = queue.Files;
        var start = files.All.Length == 0 ? queue.Queue.MinOffset : files.End;
        var end = EndOf(queue.Queue, Math.Max(start, queue.Queue.MinOffset), minOffset);
        _expiry = context.Time.GetUtcNow().ToUnixTimeMilliseconds() - (long)context.Options.CompactionTombstoneTime.TotalMilliseconds;
        var first = FirstToMerge(queue, files, end - start);
        if (end <= start && first == files.All.Length)
            return false;
        end = Math.Max(start, end);
        MakeDirectory(queue.Directory);
        var coverStart = first < files.All.Length ? files.All[first].Start : start;
        var generation = queue.NextGeneration();
        var path = Path.Combine(queue.Directory, CompactedFiles.NameOf(coverStart, generation));
        _forgotten.Clear();
        _copied = _dropped = 0;
        using var writer = new CompactedFileWriter(context.Files, path, new CompactedHeader(coverStart, end, generation, context.Hash.Of(CompactedLayout.HeaderMagic)));
        try
        {
            for (var i = first; i < files.All.Length; i++)
                CopyFile(queue, files.All[i], writer, isWhole: first == 0);
            CopyLog(queue, Math.Max(start, queue.Queue.MinOffset), end, writer, isWhole: first == 0);

            // What overwrote the records that were left out must not be lost when they are.
            context.FlushLog();
            writer.Finish();
            queue.Replace(files.With(first, CompactedFile.Open(context.Handles, path, context.Hash)), _forgotten);
        }
        catch
        {
            TryAbandon(writer, path);
            throw;
        }

        foreach (var file in files.All.AsSpan(first))
            CompactedFiles.Delete(context.Files, context.Handles, file);
        context.Metrics.Ran(_copied, _dropped);
        return true;
    }

    /// <summary>
    /// Queue offset before which all records are that are before a physical offset. The entry there is looked at: one that
    /// is damaged must not leave records to their segment that the log is about to lose.
    /// </summary>
    private long EndOf(ConsumeQueue queue, long from, long minOffset)
    {
        var end = QueueSearch.FirstAtOrAfter(context.Queues.Files, queue, from, queue.MaxOffset, minOffset);
        while (queue.TryReadEntry(end, out var entry) && !(entry.PhysicalOffset >= minOffset && context.Reads!.IsTrue(queue, end, entry)))
            end++;
        return end;
    }

    /// <summary>Which files become one with what is new: those from this index on.</summary>
    private int FirstToMerge(CompactedQueue queue, CompactedFiles files, long added)
    {
        var records = files.Records;
        var useless = records - queue.LiveInFiles + files.All.Where(file => file.NewestTombstone < _expiry).Sum(file => file.Tombstones);
        if (records > 0 && useless * 2 > records)
            return 0;
        var first = files.All.Length;
        if (added <= 0)
            return first;
        var behind = added;
        while (first > 0 && files.All[first - 1].Records <= behind * 2)
            behind += files.All[--first].Records;
        return first;
    }

    private void CopyFile(CompactedQueue queue, CompactedFile file, CompactedFileWriter writer, bool isWhole)
    {
        var offset = file.Start;
        while (file.ReadFrom(offset, _group, out _) is > 0 and var count)
        {
            foreach (var entry in _group.AsSpan(0, count))
            {
                if (!IsKept(queue, entry, isWhole))
                    continue;

                // As it is, with the CRC of when it was whole: a damaged one stays known as damaged.
                var bytes = file.ReadRaw(entry) ?? throw new IOException($"The file '{file.Path}' of compacted records became shorter.");
                writer.Add(entry, bytes);
                _copied += entry.Size;
            }

            offset = _group[count - 1].QueueOffset + 1;
        }
    }

    private void CopyLog(CompactedQueue queue, long from, long end, CompactedFileWriter writer, bool isWhole)
    {
        while (from < end)
        {
            var count = queue.Queue.ReadEntries(from, _entries);
            if (count == 0)
                throw new IOException($"The entries of queue {queue.Queue.Topic}/{queue.QueueId} from {from} on cannot be read.");
            for (var i = 0; i < count && from < end; i++, from++)
            {
                using var lease = context.ReadEntry(queue.Queue, from, _entries[i], checkContent: false);
                if (!lease.TryRead(out var record))
                    continue;
                if (!CompactionKey.TryGet(record.Properties, out var key))
                {
                    _dropped += record.Size;
                    continue;
                }

                var entry = new CompactedEntry(
                    from, 0, record.Size, BodyCrc32.Ieee(record.Bytes), TagHash.Of(record.Tags), record.StoreTimestamp, context.Hash.Of(key), CompactionKey.IsTombstone(record));
                if (!IsKept(queue, entry, isWhole))
                    continue;
                writer.Add(entry, record.Bytes);
                _copied += record.Size;
            }
        }
    }

    /// <summary>
    /// A tombstone may only go when nothing older of its key is left in a file that is not written anew: a key table that
    /// is made from the files would have the key again.
    /// </summary>
    private bool IsKept(CompactedQueue queue, in CompactedEntry entry, bool isWhole)
    {
        bool isLatest;
        lock (queue.Gate)
            isLatest = queue.Table.Find(entry.KeyHash, entry.QueueOffset) >= 0;
        if (isLatest && (!entry.IsTombstone || !isWhole || entry.StoreTimestamp >= _expiry))
            return true;
        if (isLatest)
            _forgotten.Add(entry);
        _dropped += entry.Size;
        return false;
    }

    private void MakeDirectory(string directory)
    {
        context.Files.CreateDirectory(directory);
        var topic = Path.GetDirectoryName(directory)!;
        context.Files.SyncDirectory(topic);
        context.Files.SyncDirectory(context.Directory);
        context.Files.SyncDirectory(context.Options.Directory);
    }

    /// <summary>The next start knows what to do with what stays; another try has another name.</summary>
    private void TryAbandon(CompactedFileWriter writer, string path)
    {
        context.Handles.Forget(path);
        try
        {
            writer.Abandon();
            context.Files.DeleteFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(context.Logger, error, path);
        }
    }

    [LoggerMessage(EventId = 2004, Level = LogLevel.Warning, Message = "'{Path}' was not finished and could not be removed; the next start removes it")]
    private static partial void LogNotRemoved(ILogger logger, Exception error, string path);
}
