using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Compaction;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Progress of groups over the offset table, ends of queues over the store.</summary>
internal sealed class OffsetBook(OffsetTable table, OffsetResets resets, MessageStore store, BrokerOptions options) : IOffsets
{
    public long Query(string group, string topic, int queueId) => table.Query(group, topic, queueId);

    // The broker's own group says where open transactions begin: a client must not make it forget one.
    public bool Commit(string group, string topic, int queueId, long offset) =>
        group == HalfTopics.Group || table.Commit(group, topic, queueId, offset, options.MaxOffsets);

    public bool Advance(string group, string topic, int queueId, long offset) =>
        group == HalfTopics.Group || table.Advance(group, topic, queueId, offset, options.MaxOffsets);

    public bool IsReset(string group, string topic, int queueId) => resets.IsPending(topic, group, queueId);

    public bool TakeReset(string group, string topic, int queueId, out long offset) => resets.TryTake(topic, group, queueId, out offset);

    public long Min(string topic, int queueId) =>
        store.CompactedTopics.TryGetQueue(topic, queueId, out CompactedQueue? compacted) ? compacted.MinOffset
            : store.TryGetQueue(topic, queueId, out ConsumeQueue? queue) ? queue.MinOffset : 0;

    public long Max(string topic, int queueId) =>
        store.TryGetQueue(topic, queueId, out ConsumeQueue? queue) ? queue.MaxOffset : 0;

    public long Search(string topic, int queueId, long time) =>
        store.CompactedTopics.TryGetQueue(topic, queueId, out CompactedQueue? compacted) ? compacted.OffsetByTime(time)
            : store.TryGetQueue(topic, queueId, out ConsumeQueue? queue) ? queue.OffsetByTime(time) : 0;

    public IReadOnlyList<string> GroupsOf(string topic) => table.GroupsOf(topic);
}
