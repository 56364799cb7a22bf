using System.Collections.Concurrent;
using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Messages;
using GroupFilter = ProtoBridgeMQ.Bridge.Streams.GroupFilter;
using PropertyNames = ProtoBridgeMQ.Bridge.Messages.PropertyNames;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Reads the queues of the broker in this process.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class EmbeddedReader(IBrokerCore core, RecordDecoder decoder) : IMessageReader
{
    private const int MaxSpare = 64;
    private const int MaxRepeated = 16;

    /// <summary>Where messages lie that wait for their time.</summary>
    private static readonly string[] WaitingTopics = ["rmq_sys_wheel_timer", "SCHEDULE_TOPIC_XXXX"];

    private readonly ConcurrentBag<RecordBatch> _spare = [];

    public ValueTask<IReadOnlyList<QueueRange>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        if (core.Topics.Find(topic) is not { } found || EmbeddedTopics.IsOwn(topic) || found.IsSystem)
        {
            return ValueTask.FromResult<IReadOnlyList<QueueRange>>([]);
        }

        var queues = new QueueRange[found.ReadQueues];
        for (int i = 0; i < queues.Length; i++)
        {
            queues[i] = new QueueRange(i.ToString(CultureInfo.InvariantCulture), i, core.Offsets.Min(topic, i), core.Offsets.Max(topic, i));
        }

        return ValueTask.FromResult<IReadOnlyList<QueueRange>>(queues);
    }

    public ValueTask<long> SearchAsync(string topic, string queue, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        try
        {
            int queueId = QueueOf(topic, queue);
            long end = core.Offsets.Max(topic, queueId);
            long found = core.Offsets.Search(topic, queueId, time.ToUnixTimeMilliseconds());

            // A search that finds nothing later answers with the last one before.
            bool isBefore = found < end && found == end - 1 && StoredAt(topic, queueId, found) < time.ToUnixTimeMilliseconds();
            return ValueTask.FromResult(isBefore ? end : found);
        }
        catch (BridgeException refusal)
        {
            return ValueTask.FromException<long>(refusal);
        }
    }

    public ValueTask<QueueRead> ReadAsync(QueueQuery query, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        RecordBatch records = Rent();
        try
        {
            int queueId = QueueOf(query.Topic, query.Queue);
            IMessageFilter filter = EmbeddedFilters.Compile(core, query.Filter);
            var request = new ReadRequest(query.Topic, queueId, query.Offset, query.MaxMessages, query.MaxBytes, filter.IsAll ? null : filter);
            ReadOutcome outcome = core.Read(request, records);
            if (outcome.Status is ReadStatus.TopicNotFound or ReadStatus.NoPermission or ReadStatus.QueueInvalid)
            {
                return ValueTask.FromException<QueueRead>(BrokerErrors.ToException(outcome.Status, query.Topic, queueId));
            }

            Add(records, query, batch);
            return ValueTask.FromResult(new QueueRead(outcome.NextOffset, outcome.Missed));
        }
        catch (BridgeException refusal)
        {
            return ValueTask.FromException<QueueRead>(refusal);
        }
        finally
        {
            Return(records);
        }
    }

    public ValueTask FindByKeyAsync(KeyQuery query, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        EmbeddedTopics.ThrowIfReserved(query.Topic);
        RecordBatch records = Rent();
        try
        {
            Query(
                new QueryRequest(
                    query.Topic,
                    query.Key,
                    query.Max,
                    query.From?.ToUnixTimeMilliseconds() ?? 0,
                    query.To?.ToUnixTimeMilliseconds() ?? long.MaxValue),
                records);
            for (int i = 0; i < records.Count; i++)
            {
                if (MessageRecord.TryRead(records[i], out MessageRecord record) == RecordError.None)
                {
                    decoder.Add(record, query.Topic, records.QueueOffset(i), batch);
                }
            }

            return ValueTask.CompletedTask;
        }
        catch (BridgeException refusal)
        {
            return ValueTask.FromException(refusal);
        }
        finally
        {
            Return(records);
        }
    }

    public ValueTask<FoundPublish?> FindPublishAsync(string topic, string uniqueKey, DateTimeOffset since, CancellationToken cancellationToken = default)
    {
        RecordBatch records = Rent();
        try
        {
            FoundPublish? found = Find(topic, topic, uniqueKey, since, records);
            foreach (string waiting in WaitingTopics)
            {
                found ??= Find(waiting, topic, uniqueKey, since, records);
            }

            return ValueTask.FromResult(found);
        }
        catch (BridgeException refusal)
        {
            return ValueTask.FromException<FoundPublish?>(refusal);
        }
        finally
        {
            Return(records);
        }
    }

    private FoundPublish? Find(string where, string topic, string uniqueKey, DateTimeOffset since, RecordBatch records)
    {
        Query(new QueryRequest(where, uniqueKey, MaxRepeated, since.ToUnixTimeMilliseconds(), long.MaxValue, UniqueOnly: true), records);
        FoundPublish? found = null;
        for (int i = 0; i < records.Count && found is null; i++)
        {
            if (MessageRecord.TryRead(records[i], out MessageRecord record) == RecordError.None
                && (where == topic || PropertyText.GetString(record.Properties, SystemProperties.RealTopic) == topic))
            {
                found = new FoundPublish(
                    new PublishReceipt(decoder.IdOf(record.PhysicalOffset), record.QueueId, records.QueueOffset(i)),
                    PropertyText.GetString(record.Properties, PropertyNames.RequestDigest));
            }
        }

        records.Clear();
        return found;
    }

    private void Query(in QueryRequest request, RecordBatch records)
    {
        switch (core.Query(request, records).Status)
        {
            case QueryStatus.Busy:
                throw new BridgeException(BridgeError.Busy, "The broker answers as many queries as it may.", retryAfter: TimeSpan.FromSeconds(1));
            case QueryStatus.Disabled:
                throw new BridgeException(BridgeError.Unsupported, "The broker keeps no index of keys.");
            default:
                break;
        }
    }

    private void Add(RecordBatch records, in QueueQuery query, MessageBatch batch)
    {
        GroupFilter filter = query.Filter ?? GroupFilter.All;
        for (int i = 0; i < records.Count; i++)
        {
            // The broker compared hashes; two tags may share one.
            if (MessageRecord.TryRead(records[i], out MessageRecord record) == RecordError.None && RecordDecoder.Passes(record, query.Topic, filter))
            {
                decoder.Add(record, query.Topic, records.QueueOffset(i), batch);
            }
        }
    }

    private long StoredAt(string topic, int queueId, long offset)
    {
        RecordBatch records = Rent();
        try
        {
            core.Read(new ReadRequest(topic, queueId, offset, 1, 1), records);
            return records.Count > 0 && MessageRecord.TryRead(records[0], out MessageRecord record) == RecordError.None ? record.StoreTimestamp : long.MaxValue;
        }
        finally
        {
            Return(records);
        }
    }

    private int QueueOf(string topic, string queue)
    {
        if (core.Topics.Find(topic) is not { } found || EmbeddedTopics.IsOwn(topic) || found.IsSystem)
        {
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
        }

        return int.TryParse(queue, NumberStyles.None, CultureInfo.InvariantCulture, out int queueId) && queueId < found.ReadQueues
            ? queueId
            : throw new BridgeException(BridgeError.InvalidArgument, $"Topic {topic} has no queue {queue}: it has {found.ReadQueues}, from 0.");
    }

    private RecordBatch Rent() => _spare.TryTake(out RecordBatch? records) ? records : new RecordBatch();

    private void Return(RecordBatch records)
    {
        records.Clear();
        if (_spare.Count < MaxSpare)
        {
            _spare.Add(records);
        }
        else
        {
            records.Dispose();
        }
    }
}
