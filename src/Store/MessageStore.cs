using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store;

/// <summary>
/// The message store: an append-only commit log, made durable by group commit, then dispatched to consume queues.
/// <code>
///  Append ──► commit log (written) ──► flusher: fsync (durable) ──► dispatcher: queue entries, listeners (dispatched)
///                                          └► waiters of WaitDurableAsync
/// </code>
/// Thread-safe. Nothing is readable beyond <see cref="Dispatched"/>.
/// </summary>
public sealed class MessageStore : IAsyncDisposable
{
    /// <summary>The options it was opened with; the sizes are those of the directory.</summary>
    public StoreOptions Options => throw new NotSupportedException();

    /// <summary>What the store can do now, and why. Cheap: health probes call it.</summary>
    public StoreState State => throw new NotSupportedException();

    /// <summary>End of what was written.</summary>
    public WrittenOffset Written => throw new NotSupportedException();

    /// <summary>End of what is on the disk.</summary>
    public DurableOffset Durable => throw new NotSupportedException();

    /// <summary>End of what can be read.</summary>
    public DispatchedOffset Dispatched => throw new NotSupportedException();

    /// <summary>Where the log begins.</summary>
    public long MinPhysicalOffset => throw new NotSupportedException();

    /// <summary>Queues that exist, in no order: those that ever had a message.</summary>
    public IReadOnlyList<ConsumeQueue> Queues => throw new NotSupportedException();

    /// <summary>
    /// Opens a store directory (made where it does not exist), repairs what a crash left, and starts the threads.
    /// </summary>
    /// <param name="options">Settings.</param>
    /// <param name="files">The file system; the real one by default.</param>
    /// <param name="time">Clock; the system's by default.</param>
    /// <param name="loggers">Where it logs; nowhere by default.</param>
    /// <param name="listeners">Told of every record dispatched after recovery.</param>
    /// <exception cref="StoreUnusableException">Something is wrong that no repair covers; the message says what to do.</exception>
    public static MessageStore Open(
        StoreOptions options,
        IFileSystem? files = null,
        TimeProvider? time = null,
        ILoggerFactory? loggers = null,
        IReadOnlyList<IDispatchListener>? listeners = null) => throw new NotSupportedException();

    /// <summary>
    /// Writes one message into the log. Synchronous: copies under one short lock, waits for no disk, throws nothing.
    /// Acknowledge only after <see cref="WaitDurableAsync"/> for its end.
    /// </summary>
    public AppendResult Append(in MessageToStore message) => throw new NotSupportedException();

    /// <summary>
    /// Writes the messages of a batch body (see <see cref="ProtoBridgeMQ.Remoting.Messages.BatchBody"/>) one after the
    /// other, nothing in between, or none of them. <see cref="MessageToStore.Body"/> is the batch body;
    /// <see cref="MessageToStore.Properties"/> are added to those of each message.
    /// </summary>
    public AppendResult AppendBatch(in MessageToStore batch) => throw new NotSupportedException();

    /// <summary>
    /// Completes once everything before <paramref name="end"/> is as durable as <see cref="StoreOptions.FlushMode"/>
    /// promises, at once in async mode. Await it exactly once. Waiters of one flush are completed in their order by one
    /// thread-pool work item: continuations must not block.
    /// </summary>
    public ValueTask<DurabilityStatus> WaitDurableAsync(WrittenOffset end) => throw new NotSupportedException();

    /// <summary>The queue, making it in memory where it does not exist; null when a limit forbids that.</summary>
    public ConsumeQueue? GetQueue(string topic, int queueId) => throw new NotSupportedException();

    /// <summary>The queue, if it exists.</summary>
    public bool TryGetQueue(string topic, int queueId, [NotNullWhen(true)] out ConsumeQueue? queue) => throw new NotSupportedException();

    /// <summary>
    /// Leases the record at a physical offset, as a queue entry says. An empty lease when it is not in the log (any
    /// more), is beyond <see cref="Dispatched"/>, or does not have that size.
    /// </summary>
    public RecordLease ReadRecord(long physicalOffset, int size) => throw new NotSupportedException();

    /// <summary>Leases the record at a physical offset whose size is not known (as in an offset message id).</summary>
    public RecordLease ReadRecord(long physicalOffset) => throw new NotSupportedException();

    /// <summary>A reader of the log from a physical offset of a record on: <see cref="MinPhysicalOffset"/>, or <see cref="Dispatched"/> for what comes.</summary>
    public LogReader OpenReader(long position) => throw new NotSupportedException();

    /// <summary>Adds a listener; records dispatched after the call are told to it.</summary>
    public void AddListener(IDispatchListener listener) => throw new NotSupportedException();

    /// <summary>Takes a listener away; it may be told of records of the batch in hand still.</summary>
    public void RemoveListener(IDispatchListener listener) => throw new NotSupportedException();

    /// <summary>Completes once everything appended so far can be read, or the store failed or closed. For tests and tools.</summary>
    public ValueTask<DurabilityStatus> WaitDispatchedAsync() => throw new NotSupportedException();

    /// <summary>Clean stop: flushes, dispatches, writes the checkpoint, removes the abort file.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
