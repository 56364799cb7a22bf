namespace ProtoBridgeMQ.Store.Queues;

/// <summary>One queue of a topic: where its messages are in the commit log, in their order. Thread-safe.</summary>
public sealed class ConsumeQueue
{
    internal ConsumeQueue(string topic, int queueId)
    {
        Topic = topic;
        QueueId = queueId;
    }

    /// <summary>Topic.</summary>
    public string Topic { get; }

    /// <summary>Queue in the topic.</summary>
    public int QueueId { get; }

    /// <summary>Offset of the first message that can be read.</summary>
    public long MinOffset => throw new NotSupportedException();

    /// <summary>Offset after the last message that can be read.</summary>
    public long MaxOffset => throw new NotSupportedException();

    /// <summary>
    /// Reads entries from <paramref name="offset"/> on, up to <see cref="MaxOffset"/>; returns how many. 0 at and beyond
    /// the end, and before <see cref="MinOffset"/>. Fillers (<see cref="QueueEntry.IsFiller"/>) are among them.
    /// </summary>
    public int ReadEntries(long offset, Span<QueueEntry> entries) => throw new NotSupportedException();

    /// <summary>Offset of the first message stored at or after a time (Unix milliseconds); <see cref="MaxOffset"/> when there is none.</summary>
    public long OffsetByTime(long timestamp) => throw new NotSupportedException();
}
