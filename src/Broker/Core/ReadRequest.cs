using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>A read from one queue.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="QueueId">The queue.</param>
/// <param name="Offset">First queue offset wanted.</param>
/// <param name="MaxMessages">At most so many records; capped by the broker's own limit.</param>
/// <param name="MaxBytes">At most so many bytes of records (but always one record); capped by the broker's own limit.</param>
/// <param name="Filter">Which messages; null for all.</param>
/// <param name="Group">The group that it is for, to be counted; null for none.</param>
public readonly record struct ReadRequest(
    string Topic,
    int QueueId,
    long Offset,
    int MaxMessages,
    int MaxBytes,
    IMessageFilter? Filter = null,
    string? Group = null);

/// <summary>How a read went.</summary>
public enum ReadStatus
{
    /// <summary>At least one record was handed over.</summary>
    Found,

    /// <summary>The offset is the queue's end: nothing there yet.</summary>
    NoNewMessage,

    /// <summary>Messages were there, none of which matches: go on at <see cref="ReadOutcome.NextOffset"/>.</summary>
    NoMatchedMessage,

    /// <summary>The offset is before the oldest message kept.</summary>
    OffsetTooSmall,

    /// <summary>The offset is beyond the queue's end.</summary>
    OffsetTooLarge,

    /// <summary>The queue exists and never had a message, and the offset is not 0.</summary>
    QueueEmpty,

    /// <summary>The topic does not exist.</summary>
    TopicNotFound,

    /// <summary>The topic may not be read.</summary>
    NoPermission,

    /// <summary>The queue id is not one of the topic's.</summary>
    QueueInvalid,
}

/// <summary>The answer to a read.</summary>
/// <param name="Status">How it went.</param>
/// <param name="NextOffset">Where the next read should begin.</param>
/// <param name="MinOffset">Oldest queue offset kept.</param>
/// <param name="MaxOffset">The queue's end: offset of the next message.</param>
/// <param name="Count">How many records were handed over.</param>
/// <param name="Bytes">How many bytes of records were handed over.</param>
public readonly record struct ReadOutcome(
    ReadStatus Status,
    long NextOffset,
    long MinOffset,
    long MaxOffset,
    int Count,
    int Bytes)
{
    /// <summary>With <see cref="ReadStatus.OffsetTooSmall"/>: messages from the offset asked for on that were deleted.</summary>
    public long Missed { get; init; }
}

/// <summary>Takes records as they lie in the commit log.</summary>
public interface IRecordSink
{
    /// <summary>Takes one record. The memory is valid during the call only.</summary>
    /// <param name="queueOffset">Offset in the queue that is read; of a tail, as the record says.</param>
    /// <param name="physicalOffset">Where the record is in the commit log.</param>
    /// <param name="record">The whole record, its total size first.</param>
    /// <returns>False when it does not take this record and no further one: the read ends before it.</returns>
    bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record);
}
