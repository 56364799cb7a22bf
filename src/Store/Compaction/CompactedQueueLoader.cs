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
        if (useSnapshot
            && KeySnapshot.TryRead(context.Files, queue.Directory, context.Hash, table, out var header)
            && header.Generation == files.Generation
            && header.Next >= files.End
            && (header.LastRecord >= 0 || header.Next == files.End)
            && LastRecordBefore(queue.Queue, header.Next) == header.LastRecord)
        {
            queue.Restore(files, table, header);
        }
        else
        {
            queue.Begin(files, new KeyTable());
            ReadFiles(queue);
        }

        ReadQueue(queue);
    }

    /// <summary>Makes the table without its snapshot, which is of another log: removed, so that it never counts again.</summary>
    public void Rebuild(CompactedQueue queue)
    {
        KeySnapshot.Delete(context.Files, queue.Directory);
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
        using var lease = context.ReadRecord(entry.PhysicalOffset);
        if (!lease.IsEmpty && lease.TryRead(out var record) && CompactionKey.TryGet(record.Properties, out var key))
            queue.Apply(context.Hash.Of(key), key, offset, record.Size, CompactionKey.IsTombstone(record));
        else
            queue.Skip(offset);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The keys of {Directory} were of another log; made again from the compacted records and the queue")]
    private static partial void LogRebuilt(ILogger logger, string directory);
}
