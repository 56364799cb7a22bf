using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Finds the consume queues and how far each can be trusted: up to the entries of records before the point where the
/// scan begins, found by a binary search. The rest is cut off and made again from the log.
/// </summary>
internal static class QueueLoader
{
    public static void Load(RecoveryState state)
    {
        var directory = Path.Combine(state.Options.Directory, "consumequeue");
        var found = Find(state, directory);
        var files = new QueueFiles(state.Files, directory, EntriesPerFile(state, found), state.Options.MaxOpenQueueFiles, state.Options.SyncFileSystemAbove) 
        {
            MayBeUnsynced = !state.IsClean,
            Extension = ExtFiles.Open(state.Files, state.Options),
        };
        state.Queues = new QueueTable(files, new QueueTails(state.Options.MaxUnwrittenQueueBytes), state.Options.MaxQueues, state.Options.MaxQueuesPerTopic, new EntryTags(state.Options.DelayLevels));
        state.QueueLimit = state.ScanStart;
        foreach (var (topic, queueId, bases) in found)
        {
            var queue = state.Queues.Restore(Encoding.UTF8.GetBytes(topic), queueId);
            if (state.Rebuild)
                RestoreEmptied(state, queue, bases);
            else
                Restore(state, queue, bases, state.QueueLimit);
        }
    }

    private static List<(string Topic, int QueueId, List<SegmentFile> Files)> Find(RecoveryState state, string directory)
    {
        var found = new List<(string, int, List<SegmentFile>)>();
        foreach (var topic in state.Files.List(directory))
        {
            if (!topic.IsDirectory)
                continue;
            var topicDirectory = Path.Combine(directory, topic.Name);
            foreach (var queue in state.Files.List(topicDirectory))
            {
                if (!queue.IsDirectory || !int.TryParse(queue.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var queueId) || queueId > ushort.MaxValue)
                    continue;
                var files = new List<SegmentFile>();
                foreach (var file in state.Files.List(Path.Combine(topicDirectory, queue.Name)))
                {
                    if (!file.IsDirectory && LogFileName.TryParse(file.Name, out var baseOffset))
                        files.Add(new SegmentFile(baseOffset, file.Length));
                }

                files.Sort(static (left, right) => left.BaseOffset.CompareTo(right.BaseOffset));
                if (files.Count > 0)
                    found.Add((topic.Name, queueId, files));
            }
        }

        return found;
    }

    /// <summary>The size that most files have; a crash may have left some short.</summary>
    private static int EntriesPerFile(RecoveryState state, List<(string Topic, int QueueId, List<SegmentFile> Files)> found)
    {
        if (state.HasCheckpoint && state.Checkpoint.QueueFileEntries is > 0 and var known)
            return known;
        var common = found.SelectMany(queue => queue.Files)
            .Where(file => file.Length > 0 && file.Length % QueueEntry.EncodedSize == 0)
            .GroupBy(file => file.Length)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key)
            .FirstOrDefault();
        return common is null || common.Key > int.MaxValue ? state.Options.QueueFileEntries : (int)(common.Key / QueueEntry.EncodedSize);
    }

    /// <summary>For a rebuild: of a queue without a record in the log the end is kept, of any other nothing.</summary>
    private static void RestoreEmptied(RecoveryState state, ConsumeQueue queue, List<SegmentFile> found)
    {
        var files = state.Queues.Files;
        var end = 0L;
        if (found.TrueForAll(file => file.BaseOffset % files.FileSize == 0))
            end = QueueSearch.EndBefore(files, queue, found[0].BaseOffset / QueueEntry.EncodedSize, (found[^1].BaseOffset + files.FileSize) / QueueEntry.EncodedSize, long.MaxValue);
        if (QueueDiscard.TryDiscard(state, queue, found, end))
            return;
        queue.Restore(end, end);
        queue.FirstFile = found[0].BaseOffset / QueueEntry.EncodedSize;
    }

    private static void Restore(RecoveryState state, ConsumeQueue queue, List<SegmentFile> found, long limit)
    {
        var files = state.Queues.Files;
        if (found.Any(file => file.BaseOffset % files.FileSize != 0))
        {
            throw new StoreUnusableException(
                $"The files in '{files.DirectoryOf(queue)}' do not have names that go with a file size of {files.FileSize} bytes. "
                + "Move the directory 'consumequeue' away: it is made again from the commit log.");
        }

        foreach (var file in found)
        {
            if (file.Length == files.FileSize)
                continue;
            files.GiveLength(queue, file.BaseOffset / QueueEntry.EncodedSize);
            state.MisfitQueueFiles++;
        }

        var first = found[0].BaseOffset / QueueEntry.EncodedSize;
        var whole = 1;
        while (whole < found.Count && found[whole].BaseOffset == found[whole - 1].BaseOffset + files.FileSize)
            whole++;
        var end = QueueSearch.EndBefore(files, queue, first, (found[whole - 1].BaseOffset + files.FileSize) / QueueEntry.EncodedSize, limit);
        // Entries whose records the log does not have any more, and fillers at the head, are not served.
        queue.Restore(QueueSearch.FirstAtOrAfter(files, queue, first, end, state.LogStart), end);
        queue.FirstFile = first;
        state.QueueStarts += first;
        if (first > 0 && queue.MinOffset == first)
            state.Headless.Add((queue, found));
        if (whole < found.Count)
            BeginEarlier(state, queue, end);
        if (!state.IsClean)
            CutOff(state, queue, found, end);
    }

    /// <summary>A file in the middle is missing: the log is read from the last entry before it.</summary>
    private static void BeginEarlier(RecoveryState state, ConsumeQueue queue, long end)
    {
        var start = QueueSearch.TryRead(state.Queues.Files, queue, end - 1, out var entry) && !entry.IsFiller && entry.PhysicalOffset >= state.LogStart
            ? entry.PhysicalOffset
            : state.LogStart;
        state.ScanStart = Math.Min(state.ScanStart, start);
    }

    private static void CutOff(RecoveryState state, ConsumeQueue queue, List<SegmentFile> found, long end)
    {
        var files = state.Queues.Files;
        var last = QueueSearch.EndBefore(files, queue, end, (found[^1].BaseOffset + files.FileSize) / QueueEntry.EncodedSize, long.MaxValue) - 1;
        if (last >= end && QueueSearch.TryRead(files, queue, last, out var entry) && !entry.IsFiller)
            state.HighestCutEntry = Math.Max(state.HighestCutEntry, entry.PhysicalOffset);
        foreach (var file in found)
        {
            var baseOffset = file.BaseOffset / QueueEntry.EncodedSize;
            if (baseOffset >= end && baseOffset > 0 && file != found[0])
                files.Delete(queue, baseOffset);
            else if (baseOffset + files.FileEntries > end)
                files.Clear(queue, Math.Max(end, baseOffset));
        }
    }
}
