using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Queries by key: the newest messages that have it, handed over oldest first as Apache RocketMQ does.</summary>
internal sealed class KeyQueries(MessageStore store, BrokerOptions options)
{
    public QueryOutcome Query(in QueryRequest request, RecordBatch batch)
    {
        KeyQueryResult result = store.FindByKey(
            new KeyQuery(request.Topic, request.Key, request.MaxMessages, request.Begin, request.End, request.UniqueOnly));
        switch (result.Status)
        {
            case KeyQueryStatus.Busy:
                return new QueryOutcome(QueryStatus.Busy);
            case KeyQueryStatus.Disabled:
                return new QueryOutcome(QueryStatus.Disabled);
            default:
                break;
        }

        int first = result.Offsets.Count;
        long bytes = 0;
        for (int i = 0; i < result.Offsets.Count; i++)
        {
            using RecordLease lease = store.ReadRecord(result.Offsets[i]);
            bytes += lease.Span.Length;
            if (i > 0 && bytes > options.MaxQueryBytes)
            {
                first = i;
                break;
            }
        }

        for (int i = first - 1; i >= 0; i--)
        {
            // Retention may have taken it in between.
            RecordLease lease = store.ReadRecord(result.Offsets[i]);
            if (!lease.IsEmpty && lease.TryRead(out MessageRecord record))
            {
                batch.Add(lease, record.QueueOffset);
            }
            else
            {
                lease.Dispose();
            }
        }

        return batch.Count > 0 ? new QueryOutcome(QueryStatus.Found, result.LastTimestamp, result.LastOffset) : new QueryOutcome(QueryStatus.NotFound);
    }
}
