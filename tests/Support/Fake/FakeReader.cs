using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>Reads the queues of the fake.</summary>
internal sealed class FakeReader(FakeLog log) : IMessageReader
{
    public Func<Task>? BeforeFind { get; init; }

    public ValueTask<IReadOnlyList<QueueRange>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<QueueRange>>(
                [.. log.QueuesOf(topic).Select((queue, id) => new QueueRange(id.ToString(CultureInfo.InvariantCulture), id, log.FirstOf(topic, id), queue.Count))]);
        }
    }

    public ValueTask<long> SearchAsync(string topic, string queue, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            IReadOnlyList<StoredMessage> messages = Queue(topic, queue, out _);
            int index = messages.TakeWhile(message => message.StoredAt < time).Count();
            return ValueTask.FromResult((long)index);
        }
    }

    public ValueTask<QueueRead> ReadAsync(QueueQuery query, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            IReadOnlyList<StoredMessage> messages = Queue(query.Topic, query.Queue, out int id);
            long first = log.FirstOf(query.Topic, id);
            long missed = Math.Max(0, first - query.Offset);
            long next = Math.Max(first, query.Offset);
            int taken = 0;
            while (next < messages.Count && taken < query.MaxMessages)
            {
                StoredMessage message = messages[(int)next++];
                var properties = new MessageProperties(message.Publish.Properties);
                properties.TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag);
                if ((query.Filter ?? GroupFilter.All).Matches(query.Topic, tag, default))
                {
                    batch.Add(message.CopyInto(batch, 1, default));
                    taken++;
                }
            }

            return ValueTask.FromResult(new QueueRead(next, missed));
        }
    }

    public ValueTask FindByKeyAsync(KeyQuery query, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            foreach (StoredMessage message in log.MessagesOf(query.Topic).Where(message => HasKey(message, query)).TakeLast(query.Max))
            {
                batch.Add(message.CopyInto(batch, 1, default));
            }
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<FoundPublish?> FindPublishAsync(string topic, string uniqueKey, DateTimeOffset since, CancellationToken cancellationToken = default)
    {
        if (BeforeFind is { } before)
        {
            await before();
        }

        lock (log.Gate)
        {
            StoredMessage? found = log.MessagesOf(topic).FirstOrDefault(message => message.StoredAt >= since && message.Publish[PropertyNames.UniqueKey] == uniqueKey);
            return found is null ? null : new FoundPublish(found.Receipt, found.Publish[PropertyNames.RequestDigest]);
        }
    }

    private static bool HasKey(StoredMessage message, KeyQuery query)
        => (message.Publish[PropertyNames.UniqueKey] == query.Key || (message.Publish[PropertyNames.Keys] ?? string.Empty).Split(' ').Contains(query.Key))
            && message.StoredAt >= (query.From ?? DateTimeOffset.MinValue)
            && message.StoredAt <= (query.To ?? DateTimeOffset.MaxValue);

    private IReadOnlyList<StoredMessage> Queue(string topic, string queue, out int id)
    {
        IReadOnlyList<IReadOnlyList<StoredMessage>> queues = log.QueuesOf(topic);
        if (queues.Count == 0)
        {
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
        }

        return int.TryParse(queue, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id < queues.Count
            ? queues[id]
            : throw new BridgeException(BridgeError.InvalidArgument, $"Topic {topic} has no queue {queue}.");
    }
}
