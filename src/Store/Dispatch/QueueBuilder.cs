using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Dispatch;

/// <summary>What became of a record on its way to its queue.</summary>
internal enum QueuePlacement
{
    /// <summary>It has an entry now.</summary>
    Added,

    /// <summary>It had one already.</summary>
    Known,

    /// <summary>It takes none: a half or rolled back message.</summary>
    None,

    /// <summary>Its queue offset is too far from the queue's end to be true.</summary>
    Impossible,
}

/// <summary>Makes queue entries of records, for the dispatcher and for recovery: staged first, committed by the batch.</summary>
internal sealed class QueueBuilder
{
    private readonly QueueTable _queues;
    private readonly List<ConsumeQueue> _staged = [];

    public QueueBuilder(QueueTable queues) => _queues = queues;

    /// <summary>Sum of the ends of all queues.</summary>
    public long Ends => _queues.Ends;

    /// <summary>Stages the entry of a record.</summary>
    public QueuePlacement Stage(in MessageRecord record, out ConsumeQueue? queue, out long tagsCode)
    {
        queue = null;
        tagsCode = 0;
        if (!record.TakesQueueOffset)
            return QueuePlacement.None;
        queue = _queues.Restore(record.Topic, record.QueueId);
        if (record.QueueOffset != queue.StagedEnd)
        {
            var isEmpty = queue.IsEmpty;
            if (!isEmpty && record.QueueOffset < queue.StagedEnd)
                return QueuePlacement.Known;
            if (isEmpty && !TryBeginAt(queue, record.QueueOffset))
                return QueuePlacement.Impossible;
            if (!TryFill(queue, record.QueueOffset))
                return QueuePlacement.Impossible;
        }

        tagsCode = _queues.Tags.Of(record);
        if (queue.StagedEnd == queue.MaxOffset)
            _staged.Add(queue);
        var carried = _queues.Files.Extension is { } extension ? extension.Stage(queue, tagsCode, record.StoreTimestamp) : tagsCode;
        queue.Stage(new QueueEntry(record.PhysicalOffset, record.Size, carried));
        return QueuePlacement.Added;
    }

    /// <summary>Whether a record's queue is there and waits for just this record.</summary>
    public bool Expects(in MessageRecord record) =>
        _queues.TryGet(record.Topic, record.QueueId, out var queue) && !queue.IsEmpty && queue.StagedEnd == record.QueueOffset;

    /// <summary>Makes all staged entries readable. After a failure it may be called again.</summary>
    public void Commit()
    {
        _queues.Files.Extension?.Commit();
        foreach (var queue in _staged)
            queue.Commit();
        _queues.Tails.Trim();
        _staged.Clear();
    }

    /// <summary>
    /// Has an empty queue begin at an offset: its first message here is not its first ever, or a crash took the queue's
    /// first file and left the next.
    /// </summary>
    private bool TryBeginAt(ConsumeQueue queue, long offset)
    {
        if (offset > long.MaxValue / QueueEntry.EncodedSize / 2)
            return false;
        queue.Restore(offset, offset - (offset % _queues.Files.FileEntries));
        return true;
    }

    /// <summary>
    /// Brings a queue to an offset beyond its end, whose messages this store does not have (any more), with fillers as
    /// Apache RocketMQ writes them. Never more than a file of them.
    /// </summary>
    private bool TryFill(ConsumeQueue queue, long offset)
    {
        if (offset - queue.StagedEnd > _queues.Files.FileEntries)
            return false;
        if (queue.StagedEnd == queue.MaxOffset && offset > queue.StagedEnd)
            _staged.Add(queue);
        while (queue.StagedEnd < offset)
            queue.Stage(QueueEntry.Filler);
        return true;
    }
}
