using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// The compacted topics of a store: for each key of each queue where its latest record is, and that record kept when its
/// segment of the commit log is deleted. Thread-safe.
/// <code>
///  Stage, Commit ─► key tables (memory)          Trim ─► QueueCompactor ─► files under compaction/TOPIC/QUEUE
///  Flush, Dispose ─► snapshots of the tables     Load ─► CompactedQueueLoader
/// </code>
/// Lock order: maintenance (loading, compaction, snapshots), then commit, then the gate of a queue.
/// </summary>
public sealed partial class CompactedTopics : ILogProjection
{
    /// <summary>A table is written anew when so many of its keys changed, and as many as it has.</summary>
    private const int MinChanges = 65_536;

    private readonly CompactionContext _context;
    private readonly CompactedTopicList _list;
    private readonly CompactedQueueLoader _loader;
    private readonly QueueCompactor _compactor;
    private readonly Lock _maintenance = new();
    private readonly Lock _commit = new();
    private readonly StagedKeys _staged = new();
    private readonly List<CompactedTopic> _unsettled = [];
    private Dictionary<byte[], CompactedTopic> _topics = new(TopicBytes.Comparer);
    private ulong _lengths;
    private bool _isOpen;

    internal CompactedTopics(IFileSystem files, StoreOptions options, TimeProvider time, ILogger logger)
    {
        _context = new CompactionContext(files, options, time, logger);
        _list = new CompactedTopicList(files, _context.Directory);
        _loader = new CompactedQueueLoader(_context);
        _compactor = new QueueCompactor(_context);
        _context.Metrics.Observe(
            () => Queues.Sum(queue => queue.Keys),
            () => Queues.Sum(queue => queue.Tombstones),
            () => Queues.Sum(queue => queue.LiveBytes),
            () => Queues.Sum(queue => queue.Files.Length),
            () => Queues.Sum(queue => queue.HeapBytes));
    }

    /// <summary>The compacted topics as of now.</summary>
    public IReadOnlyList<CompactedTopic> All => [.. Volatile.Read(ref _topics).Values];

    private IEnumerable<CompactedQueue> Queues => Volatile.Read(ref _topics).Values.SelectMany(topic => topic.Queues);

    /// <summary>The topic, when it is compacted.</summary>
    public bool TryGet(string topic, [NotNullWhen(true)] out CompactedTopic? found) =>
        TryGet(System.Text.Encoding.UTF8.GetBytes(topic), out found);

    /// <summary>The topic, when it is compacted; by its name in UTF-8, without allocating.</summary>
    public bool TryGet(ReadOnlySpan<byte> topic, [NotNullWhen(true)] out CompactedTopic? found)
    {
        found = null;
        return (Volatile.Read(ref _lengths) >> topic.Length & 1) != 0
            && Volatile.Read(ref _topics).GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out found);
    }

    /// <summary>The queue of a compacted topic; false when it never had a record.</summary>
    public bool TryGetQueue(string topic, int queueId, [NotNullWhen(true)] out CompactedQueue? queue)
    {
        queue = null;
        return TryGet(topic, out var found) && found.TryGetQueue(queueId, out queue);
    }

    /// <summary>
    /// Leases the latest record of a key; false when there is none, or it removes the key. Sees every record before
    /// <see cref="MessageStore.Dispatched"/>.
    /// </summary>
    public bool TryGetLatest(string topic, int queueId, ReadOnlySpan<byte> key, out RecordLease record)
    {
        record = default;
        return TryGetQueue(topic, queueId, out var queue) && queue.TryGetLatest(key, out record);
    }

    /// <summary>
    /// Makes a topic a compacted one, for good; durable on return. What its queues have already is read: dispatch waits
    /// for it. Nothing happens when it is one.
    /// </summary>
    public void Add(string topic)
    {
        lock (_maintenance)
        {
            if (TryGet(topic, out _))
                return;
            lock (_commit)
            {
                _list.MakeSeed();
                _context.Hash = new KeyHash(_list.Seed);
                var added = new CompactedTopic(_context, topic);
                if (_list.Leaving.Contains(topic))
                    DeleteFiles(added);
                LoadQueues(added, useSnapshot: false, checkFiles: true);
                foreach (var queue in added.Queues)
                    _loader.EndRecovery(queue);
                _list.Write([.. _list.Topics, topic], [.. _list.Leaving.Where(other => other != topic)]);
                Change(topics => topics[added.Utf8] = added);

                // What is staged now was staged without it: the next commit reads the queues again.
                _unsettled.Add(added);
            }
        }
    }

    /// <summary>Makes a topic an ordinary one again, whose records retention deletes; its compacted records are deleted now.</summary>
    public void Remove(string topic)
    {
        lock (_maintenance)
        {
            if (!TryGet(topic, out var found))
                return;
            _list.Write([.. _list.Topics.Where(other => other != topic)], [.. _list.Leaving, topic]);
            lock (_commit)
            {
                Change(topics => topics.Remove(found.Utf8));
                _unsettled.Remove(found);
            }

            foreach (var queue in found.Queues)
                queue.Queue.IsCompacted = false;
            DeleteFiles(found);
            _list.Write(_list.Topics, [.. _list.Leaving.Where(other => other != topic)]);
        }
    }

    /// <summary>The log is open: records are read from it from now on.</summary>
    /// <param name="reads">Reads of the log.</param>
    /// <param name="flush">
    /// Makes all that is written durable; false when the disk does not take it. No less: a record is the latest of its key
    /// before the dispatched offset is past it.
    /// </param>
    internal void Attach(CheckedReads reads, Func<bool> flush)
    {
        _context.FlushLog = () =>
        {
            if (!flush())
                throw new IOException("The commit log could not be flushed.");
        };
        _context.Reads = reads;
        _isOpen = true;
    }

    long ILogProjection.Load(in ProjectionStart start)
    {
        _context.Queues = start.Queues!;
        _context.ReadRecord = start.Read!;
        lock (_maintenance)
        {
            _list.Read();
            FinishRemovals();
            if (_list.Topics.Count == 0)
                return start.Offset;
            _context.Hash = new KeyHash(_list.Seed);
            List<CompactedTopic> topics = [.. _list.Topics.Select(topic => new CompactedTopic(_context, topic))];
            foreach (var topic in topics)
                LoadQueues(topic, useSnapshot: !start.Rebuild, checkFiles: !start.IsClean);
            Change(all => topics.ForEach(topic => all[topic.Utf8] = topic));
        }

        return start.Rebuild ? start.LogStart : start.Offset;
    }

    void ILogProjection.Stage(in MessageRecord record)
    {
        if (record.TakesQueueOffset && TryGet(record.Topic, out var topic))
            _staged.Add(topic, record, _context.Hash);
    }

    void ILogProjection.Commit()
    {
        if (_staged.Count == 0 && _unsettled.Count == 0)
            return;
        lock (_commit)
        {
            foreach (var topic in _unsettled)
            {
                FindQueues(topic);
                foreach (var queue in topic.Queues)
                    _loader.ReadQueue(queue);
            }

            _unsettled.Clear();
            for (var i = 0; i < _staged.Count; i++)
                Apply(i);
            _staged.Clear();
        }
    }

    void ILogProjection.EndRecovery(long end)
    {
        foreach (var queue in Queues)
        {
            _loader.EndRecovery(queue);
            queue.ExtendQueue(_context.Queues.Files.FileEntries);
        }
    }

    void ILogProjection.Flush()
    {
        // Compaction writes the snapshots of what it changed, and nothing that has to be durable is in one.
        if (!_maintenance.TryEnter())
            return;
        try
        {
            foreach (var queue in Queues)
            {
                if (queue.Changes >= MinChanges && queue.Changes >= queue.Keys)
                    TryWriteSnapshot(queue);
            }
        }
        finally
        {
            _maintenance.Exit();
        }
    }

    void ILogProjection.Trim(long minOffset)
    {
        lock (_maintenance)
        {
            foreach (var queue in Queues)
            {
                if (_compactor.Compact(queue, minOffset))
                    TryWriteSnapshot(queue);
            }
        }
    }

    void IDisposable.Dispose()
    {
        lock (_maintenance)
        {
            foreach (var queue in Queues)
            {
                // A store that was refused is left as it was found.
                if (_isOpen && queue.Changes > 0)
                    TryWriteSnapshot(queue);
            }
        }

        _context.Handles.Dispose();
        _context.Metrics.Dispose();
    }

    private void Apply(int index)
    {
        var staged = _staged[index];
        var queue = staged.Topic.GetOrAdd(staged.QueueId);

        // A record that has no place in its queue does not exist, and compacted files stand for what is before their end.
        if (staged.QueueOffset >= queue.Queue.MaxOffset || staged.QueueOffset < queue.FilesEnd)
            return;
        if (staged.HasKey)
            queue.Apply(staged.Hash, _staged.KeyOf(staged), staged.QueueOffset, staged.Size, staged.IsTombstone);
        else
            queue.Skip(staged.QueueOffset);
    }

    private void LoadQueues(CompactedTopic topic, bool useSnapshot, bool checkFiles)
    {
        FindQueues(topic);
        foreach (var queue in topic.Queues)
            _loader.Load(queue, useSnapshot, checkFiles);
    }

    /// <summary>Ends what a crash, or a disk that refused it, left of topics that are compacted no more.</summary>
    private void FinishRemovals()
    {
        if (_list.Leaving.Count == 0)
            return;
        try
        {
            foreach (var topic in _list.Leaving)
                DeleteFiles(new CompactedTopic(_context, topic));
            _list.Write(_list.Topics, []);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(_context.Logger, error);
        }
    }

    /// <summary>
    /// Deletes all files of a topic. Should it become compacted again, they would have keys again that were overwritten or
    /// removed since.
    /// </summary>
    private void DeleteFiles(CompactedTopic topic)
    {
        foreach (var queue in _context.Files.List(topic.Directory).Where(static entry => entry.IsDirectory))
        {
            var directory = Path.Combine(topic.Directory, queue.Name);
            var isChanged = false;
            foreach (var entry in _context.Files.List(directory).Where(static entry => !entry.IsDirectory))
            {
                var path = Path.Combine(directory, entry.Name);
                _context.Handles.Forget(path);
                _context.Files.DeleteFile(path);
                isChanged = true;
            }

            if (isChanged)
                _context.Files.SyncDirectory(directory);
        }
    }

    private void FindQueues(CompactedTopic topic)
    {
        foreach (var entry in _context.Files.List(topic.Directory))
        {
            if (entry.IsDirectory && int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var queueId) && queueId <= ushort.MaxValue)
                topic.GetOrAdd(queueId);
        }

        foreach (var queue in _context.Queues.OfTopic(topic.Name))
            topic.GetOrAdd(queue.QueueId);
    }

    private void Change(Action<Dictionary<byte[], CompactedTopic>> change)
    {
        var topics = new Dictionary<byte[], CompactedTopic>(_topics, TopicBytes.Comparer);
        change(topics);
        var lengths = 0UL;
        foreach (var topic in topics.Keys)
            lengths |= 1UL << (topic.Length & 63);
        Volatile.Write(ref _topics, topics);
        Volatile.Write(ref _lengths, lengths);
    }

    private void WriteSnapshot(CompactedQueue queue)
    {
        queue.ResolveTwins();
        KeySnapshotHeader header;
        long changes;
        lock (queue.Gate)
        {
            changes = queue.Changes;
            header = new KeySnapshotHeader(queue.Files.Generation, queue.Next, -1, -1, 0, queue.LiveBytes);
        }

        header = header with { LastRecord = CompactedQueueLoader.LastRecordBefore(queue.Queue, header.Next) };
        _context.Files.CreateDirectory(queue.Directory);
        KeySnapshot.Write(_context.Files, queue.Directory, header, _context.Hash, queue.Table, queue.Gate);
        if (queue.HasTwins)
        {
            KeySnapshot.Delete(_context.Files, queue.Directory);
            return;
        }

        lock (queue.Gate)
            queue.Changes -= changes;
    }

    private void TryWriteSnapshot(CompactedQueue queue)
    {
        try
        {
            WriteSnapshot(queue);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(_context.Logger, error, queue.Directory);
        }
    }

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "The keys of {Directory} could not be written; the next start reads more")]
    private static partial void LogNotWritten(ILogger logger, Exception error, string directory);

    [LoggerMessage(EventId = 2034, Level = LogLevel.Warning, Message = "Files of topics that are compacted no more could not be deleted; the next start tries again")]
    private static partial void LogNotDeleted(ILogger logger, Exception error);
}
