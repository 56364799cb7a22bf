using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>
/// The durable queues of MQTT topic filters: each a light queue of the store, which gets an entry of every record whose
/// MQTT topic name the filter matches. They are named by their filters, as bytes of UTF-8.
/// </summary>
/// <remarks>Thread safe.</remarks>
public interface IFilterQueueTable
{
    /// <summary>
    /// Makes the queue of a filter, or finds it; durable on return, which may take a flush. It gets every record whose send
    /// begins after the call.
    /// </summary>
    LightQueueStatus Ensure(ReadOnlySpan<byte> filter, out FilterQueueRange range);

    /// <summary>Finds the queue of a filter for somebody who is going to use it; false when there is none. Takes no flush.</summary>
    bool TryUse(ReadOnlySpan<byte> filter, out FilterQueueRange range);

    /// <summary>
    /// Deletes the queue of a filter; durable on return, which may take a flush. Answers <see cref="LightQueueStatus.Done"/>
    /// and leaves a queue that somebody made or found for use within the time given, at most an hour.
    /// </summary>
    LightQueueStatus Delete(ReadOnlySpan<byte> filter, TimeSpan unusedFor);

    /// <summary>Notes that gateways of other processes use the queue of a filter, until it is deleted.</summary>
    void Share(ReadOnlySpan<byte> filter);

    /// <summary>Whether gateways of other processes use the queue of a filter.</summary>
    bool IsShared(ReadOnlySpan<byte> filter);

    /// <summary>First and next offset of a filter's queue; false when there is none.</summary>
    bool TryFind(ReadOnlySpan<byte> filter, out FilterQueueRange range);

    /// <summary>The filters that have a queue.</summary>
    IReadOnlyList<byte[]> List();

    /// <summary>
    /// Reads records from an offset on, as many as the limits let; false when there is no such queue. An offset that the
    /// queue never reached, as of a queue that had its name before, begins at its front.
    /// </summary>
    bool Read(in FilterQueueRead read, IRecordSink sink, out FilterQueueReading reading);

    /// <summary>Has a call made when a filter's queue gets entries, from the dispatcher's thread: it must not block or throw.</summary>
    IDisposable Watch(ReadOnlySpan<byte> filter, Action arrived);
}

/// <summary>First offset of a queue, and the one after its last entry.</summary>
public readonly record struct FilterQueueRange(long MinOffset, long MaxOffset);

/// <summary>What is read of a filter's queue.</summary>
/// <param name="Filter">The filter.</param>
/// <param name="Offset">From where.</param>
/// <param name="MaxMessages">Records, at most.</param>
/// <param name="MaxBytes">Bytes of records after which no further one is read.</param>
public readonly record struct FilterQueueRead(ReadOnlyMemory<byte> Filter, long Offset, int MaxMessages, int MaxBytes);

/// <summary>What a read found.</summary>
/// <param name="NextOffset">Where to read on.</param>
/// <param name="Missing">Entries passed over: they, or their records, are not there any more.</param>
/// <param name="Count">Records that the sink took.</param>
/// <param name="Range">The queue's, when the read began.</param>
public readonly record struct FilterQueueReading(long NextOffset, long Missing, int Count, FilterQueueRange Range);
