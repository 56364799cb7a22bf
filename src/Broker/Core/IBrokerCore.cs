using System.Net;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Transactions;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// The broker without any wire: remoting handlers and the embedded bridge meet here. It knows topics, groups,
/// records and offsets, and no header of a protocol.
/// </summary>
/// <remarks>Thread safe. Refusals are values, not exceptions; an exception is a defect or a failed disk.</remarks>
public interface IBrokerCore
{
    /// <summary>Name, cluster and limits; constant for its lifetime.</summary>
    BrokerOptions Options { get; }

    /// <summary>The address that message ids and records carry.</summary>
    IPEndPoint StoreHost { get; }

    /// <summary>Whether it takes and gives messages now, and why not. Cheap.</summary>
    BrokerStatus Status { get; }

    /// <summary>Topics.</summary>
    ITopics Topics { get; }

    /// <summary>Consumer groups.</summary>
    IGroups Groups { get; }

    /// <summary>What operators do with it.</summary>
    IBrokerAdministration Administration { get; }

    /// <summary>Makes filters of expressions, for reads and waits.</summary>
    FilterCompiler Filters { get; }

    /// <summary>Consuming by pop.</summary>
    IPopConsumers Pop { get; }

    /// <summary>Producers: whom the broker asks about transactions and hands replies to.</summary>
    ProducerTable Producers { get; }

    /// <summary>Durable queues of MQTT topic filters.</summary>
    IFilterQueueTable FilterQueues { get; }

    /// <summary>Progress and queue ends.</summary>
    IOffsets Offsets { get; }

    /// <summary>
    /// Stores one message. The append happens before this returns, so the request's memory is free again then, and
    /// sends that are started one after the other lie in the log in that order. Completes when the message is as
    /// durable as configured; consumers see it in the same moment or a little later. Allocates nothing in steady state: await the task once, at once.
    /// </summary>
    ValueTask<SendOutcome> SendAsync(in SendRequest request);

    /// <summary>
    /// Stores several messages of one topic and queue at once, all or none. The request's body is the batch form of
    /// RocketMQ: per message total size, magic, CRC, flag, body and properties. Its other fields hold for all.
    /// </summary>
    ValueTask<SendOutcome> SendBatchAsync(in SendRequest request);

    /// <summary>
    /// Puts a message that a group could not consume into the group's retry topic (by a delay level) or, after the
    /// last try, into its dead letters. Completes when that is durable.
    /// </summary>
    ValueTask<SendOutcome> SendBackAsync(in SendBackRequest request);

    /// <summary>
    /// Calls a message back that waits for its time. Completes when that is durable: the message does not come. A message
    /// that is not there, or came already, is not noticed.
    /// </summary>
    ValueTask<SendOutcome> RecallAsync(in RecallRequest request);

    /// <summary>Ends a transaction; completes when that is durable.</summary>
    ValueTask<EndOutcome> EndTransactionAsync(in TransactionEnd end);

    /// <summary>Completes when everything that was stored before the call can be read: its queues learn of a message a moment after its sender.</summary>
    ValueTask WaitReadableAsync();

    /// <summary>Reads from one queue, synchronously; only what is durable is seen.</summary>
    ReadOutcome Read(in ReadRequest request, IRecordSink sink);

    /// <summary>
    /// Reads from one queue into a batch of leases: nothing is copied, the log's segments stay mapped until the batch is
    /// cleared.
    /// </summary>
    ReadOutcome Read(in ReadRequest request, RecordBatch batch);

    /// <summary>Reads the record at a physical offset; false when there is none (any more).</summary>
    bool ReadRecord(long physicalOffset, IRecordSink sink);

    /// <summary>Reads the latest record of a key of a compacted topic; false when it has none, or was removed.</summary>
    bool ReadLatest(string topic, int queueId, ReadOnlySpan<byte> key, IRecordSink sink);

    /// <summary>
    /// Reads the latest record of every key of a queue of a compacted topic, in their order, and no history; how many the
    /// sink took.
    /// </summary>
    long ReadAllLatest(string topic, int queueId, IRecordSink sink);

    /// <summary>
    /// Finds messages by a key, synchronously: the newest that match, oldest first, as leases in a batch that is empty
    /// before.
    /// </summary>
    QueryOutcome Query(in QueryRequest request, RecordBatch batch);

    /// <summary>
    /// Waits for the next message of a queue. When one is there already the wait ends at once (also on a pool
    /// thread, never inside this call).
    /// </summary>
    /// <returns>False when the table of waits is full: nothing was held and <see cref="ArrivalWait.Ended"/> will not be called.</returns>
    bool Hold(ArrivalWait wait);

    /// <summary>Takes a wait back: true when it was still held; false when it ended or is ending.</summary>
    bool CancelWait(ArrivalWait wait);

    /// <summary>Opens a reader of everything that is dispatched from now on.</summary>
    ICommitLogTail OpenTail();
}

/// <summary>Whether the broker takes and gives messages now.</summary>
/// <param name="Writable">A send would be tried.</param>
/// <param name="Readable">A read would be tried.</param>
/// <param name="Reason">For people, when either is false.</param>
public readonly record struct BrokerStatus(bool Writable, bool Readable, string? Reason);
