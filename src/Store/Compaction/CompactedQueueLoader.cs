using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// Makes the key table of a queue: of its snapshot and what the queue has after it, or of the entries of the compacted
/// files and all that the queue has behind them. Never reads the log but where the queue says.
/// </summary>
internal sealed partial class CompactedQueueLoader(CompactionContext context)
{
    private const int EntriesAtOnce = 256;

    private readonly CompactedEntry[] _group = new CompactedEntry[CompactedLayout.GroupRecords];
    private readonly QueueEntry[] _entries = new QueueEntry[EntriesAtOnce];

    /// <summary>Makes the table.</summary>
    /// <param name="queue">The queue; nobody else uses it yet.</param>
    /// <param name="useSnapshot">Whether the snapshot may be used.</param>
    /// <param name="checkFiles">Whether the entries of the files are to be checked.</param>
    public void Load(CompactedQueue queue, bool useSnapshot, bool checkFiles)
    {
        var files = CompactedFiles.Load(context.Files, context.Handles, context.Hash, queue.Directory);
        if (checkFiles)
        {
            foreach (var file in files.All)
                file.CheckEntries();
        }

        var table = new KeyTable();
        var limit = Math.Max(files.End, queue.Queue.MaxOffset);
        if (useSnapshot
            && KeySnapshot.TryRead(context.Files, queue.Directory, context.Hash, table, limit, out var header)
            && header.Generation == files.Generation
            && header.Next >= files.End
            && (header.Next > queue.Queue.MaxOffset || IsOf(queue.Queue, files, header)))
        {
            queue.Restore(files, table, header);
        }
        else
        {
            queue.Begin(files, new KeyTable());
            queue.HasUselessSnapshot = true;
            ReadFiles(queue);
        }

        ReadQueue(queue);
    }

    /// <summary>
    /// The log is read. A snapshot that is of another one is removed, so that it never counts again, and the table made
    /// without it.
    /// </summary>
    public void EndRecovery(CompactedQueue queue)
    {
        var isWrong = queue.Snapshot is { } header && (queue.Queue.MaxOffset <= header.Newest || !IsOf(queue.Queue, queue.Files, header));
        if (isWrong || queue.HasUselessSnapshot)
            KeySnapshot.Delete(context.Files, queue.Directory);
        queue.HasUselessSnapshot = false;
        if (!isWrong)
            return;
        queue.Begin(queue.Files, new KeyTable());
        ReadFiles(queue);
        ReadQueue(queue);
        LogRebuilt(context.Logger, queue.Directory);
    }

    /// <summary>Takes what the queue has beyond what is in the table.</summary>
    public void ReadQueue(CompactedQueue queue)
    {
        var offset = Math.Max(queue.Next, queue.Queue.MinOffset);
        while (queue.Queue.ReadEntries(offset, _entries) is > 0 and var count)
        {
            foreach (var entry in _entries.AsSpan(0, count))
            {
                if (!entry.IsFiller)
                    Take(queue, offset, entry);
                offset++;
            }
        }
    }

    /// <summary>Physical offset of the record before a queue offset; -1 when the queue has no entry for it.</summary>
    public static long LastRecordBefore(ConsumeQueue queue, long offset) =>
        queue.TryReadEntry(offset - 1, out var entry) && !entry.IsFiller ? entry.PhysicalOffset : -1;

    /// <summary>Whether a snapshot is of this log: the record that it ends at is the one of the queue, or it ends with the files.</summary>
    private static bool IsOf(ConsumeQueue queue, CompactedFiles files, in KeySnapshotHeader header) =>
        header.Next == files.End || (header.LastRecord >= 0 && LastRecordBefore(queue, header.Next) == header.LastRecord);

    private void ReadFiles(CompactedQueue queue)
    {
        var offset = 0L;
        try
        {
            while (queue.Files.ReadFrom(offset, _group, out var file, out _) is > 0 and var count)
            {
                foreach (var entry in _group.AsSpan(0, count))
                    Take(queue, file!, entry);
                offset = _group[count - 1].QueueOffset + 1;
            }
        }
        catch (IOException error)
        {
            throw new StoreUnusableException(error.Message, error);
        }
    }

    /// <summary>The text of a key is needed only where its hash is known already.</summary>
    private static void Take(CompactedQueue queue, CompactedFile file, in CompactedEntry entry)
    {
        if (queue.Table.Find(entry.KeyHash) < 0)
        {
            queue.Apply(entry.KeyHash, default, entry.QueueOffset, entry.Size, entry.IsTombstone);
            return;
        }

        if (file.ReadRecord(entry) is not { } bytes
            || MessageRecord.TryRead(bytes, out var record) != RecordError.None
            || !CompactionKey.TryGet(record.Properties, out var key))
        {
            throw new StoreUnusableException(
                $"The record of queue offset {entry.QueueOffset} in the file '{file.Path}' of compacted records is damaged. Restore the file from a copy. "
                + "Or move it away: then the keys whose latest record is in it alone are lost, all others are kept.");
        }

        queue.Apply(entry.KeyHash, key, entry.QueueOffset, entry.Size, entry.IsTombstone);
    }

    private void Take(CompactedQueue queue, long offset, in QueueEntry entry)
    {
        using var lease = context.ReadEntry(queue.Queue, offset, entry, checkContent: false);
        if (!lease.IsEmpty && lease.TryRead(out var record) && CompactionKey.TryGet(record.Properties, out var key))
            queue.Apply(context.Hash.Of(key), key, offset, record.Size, CompactionKey.IsTombstone(record));
        else
            queue.Skip(offset);
    }

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "The keys of {Directory} were of another log; made again from the compacted records and the queue")]
    private static partial void LogRebuilt(ILogger logger, string directory);
}
