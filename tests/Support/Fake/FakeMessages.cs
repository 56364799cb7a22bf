using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using Stored = ProtoBridgeMQ.Bridge.Administration.StoredMessage;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>Messages of a <see cref="FakeLog"/> for operators.</summary>
internal sealed class FakeMessages(FakeLog log, TimeProvider clock) : IMessageAdministration
{
    public ValueTask<Stored?> FindAsync(string messageId, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            return ValueTask.FromResult(log.Names.SelectMany(log.MessagesOf).Where(message => message.Receipt.MessageId.ToString() == messageId).Select(Copy).FirstOrDefault());
        }
    }

    public ValueTask<IReadOnlyList<Stored>> FindByKeyAsync(string topic, string key, int max, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Stored>>(
                [.. log.MessagesOf(topic).Where(message => message.Publish[PropertyNames.Keys]?.Split(' ').Contains(key) == true).Select(Copy).TakeLast(max)]);
        }
    }

    public ValueTask<IReadOnlyList<Stored>> ReadAsync(string topic, string broker, int queueId, long offset, int max, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Stored>>(
                [.. log.MessagesOf(topic).Where(message => message.Receipt.QueueId == queueId && message.Receipt.QueueOffset >= offset).Select(Copy).Take(max)]);
        }
    }

    public ValueTask<long> SearchAsync(string topic, string broker, int queueId, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            return ValueTask.FromResult((long)log.MessagesOf(topic).Count(message => message.Receipt.QueueId == queueId && message.StoredAt < time));
        }
    }

    public ValueTask<string> ResendAsync(string group, Stored deadLetter, CancellationToken cancellationToken = default)
    {
        lock (log.Gate)
        {
            var publish = new FakePublish(TopicNames.RetryOf(group), deadLetter.Body.ToArray(), deadLetter.Properties.Text.ToArray(), null, TimeSpan.Zero, deadLetter.BornAt);
            return ValueTask.FromResult(log.Append(publish, clock.GetUtcNow()).MessageId.ToString());
        }
    }

    private static Stored Copy(StoredMessage message) => new(
        message.Receipt.MessageId.ToString(),
        message.Publish.Topic,
        "fake",
        message.Receipt.QueueId,
        message.Receipt.QueueOffset,
        message.BornAt,
        "127.0.0.1:5",
        message.StoredAt,
        "127.0.0.1:10911",
        0,
        new MessageProperties(message.Publish.Properties),
        message.Publish.Body);
}
