using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Store;

/// <summary>Outcome of an append.</summary>
public enum AppendStatus
{
    /// <summary>In the log, at the offsets of the result; durable once <see cref="MessageStore.WaitDurableAsync"/> says so.</summary>
    Appended,

    /// <summary>The body is larger than <see cref="StoreOptions.MaxBodySize"/>, or the record would not fit in a segment.</summary>
    MessageTooLarge,

    /// <summary>The property text is larger than 32,767 bytes.</summary>
    PropertiesTooLarge,

    /// <summary>Topic empty or longer than a record can hold, queue id negative or beyond <see cref="StoreOptions.MaxQueuesPerTopic"/>, or the batch body is malformed.</summary>
    Malformed,

    /// <summary>A write or fsync failed before: the store takes no more messages until it is restarted. See <see cref="MessageStore.State"/>.</summary>
    ReadOnly,

    /// <summary>No room for another segment; appends go on once there is.</summary>
    DiskFull,

    /// <summary>More than <see cref="StoreOptions.MaxUnflushedBytes"/> wait for the disk.</summary>
    Busy,

    /// <summary>The store is closing.</summary>
    ShuttingDown,

    /// <summary>More queues than <see cref="StoreOptions.MaxQueues"/> would exist.</summary>
    TooManyQueues,
}

/// <summary>Where a message went. For a batch: of its first message, with the size of all.</summary>
/// <param name="Status">Whether it is in the log, or why not.</param>
/// <param name="PhysicalOffset">Position of the record in the commit log.</param>
/// <param name="Size">Bytes of the record (of all records of a batch).</param>
/// <param name="QueueOffset">Place in its queue.</param>
/// <param name="StoreTimestamp">When it was stored, Unix milliseconds; never goes back from one record to the next.</param>
/// <param name="End">The log is written up to here: hand it to <see cref="MessageStore.WaitDurableAsync"/>.</param>
/// <param name="Count">Messages appended.</param>
public readonly record struct AppendResult(
    AppendStatus Status,
    long PhysicalOffset = -1,
    int Size = 0,
    long QueueOffset = -1,
    long StoreTimestamp = 0,
    WrittenOffset End = default,
    int Count = 0);
