using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded.Administration;

/// <summary>Topics of the broker in this process.</summary>
internal sealed class EmbeddedTopicAdministration(IBrokerCore core) : ITopicAdministration
{
    public ValueTask<IReadOnlyList<TopicState>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<TopicState>>(
            [.. core.Topics.All().Where(topic => !EmbeddedTopics.IsOwn(topic.Name)).OrderBy(topic => topic.Name, StringComparer.Ordinal).Select(StateOf)]);

    public ValueTask<TopicState?> FindAsync(string topic, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(Present(topic) is { } found ? StateOf(found) : null);

    public ValueTask<TopicState> PutAsync(string topic, TopicChange change, CancellationToken cancellationToken = default)
    {
        try
        {
            return ValueTask.FromResult(Put(topic, change));
        }
        catch (BridgeException refusal)
        {
            return ValueTask.FromException<TopicState>(refusal);
        }
    }

    public async ValueTask DeleteAsync(string topic, CancellationToken cancellationToken = default)
    {
        BrokerTopic found = Require(topic);
        ThrowIfSystem(found);
        if (await core.Administration.DeleteTopicAsync(topic).ConfigureAwait(false) is { } refusal)
        {
            throw new BridgeException(BridgeError.Busy, $"Topic {topic} was not deleted: {refusal}.");
        }
    }

    public ValueTask<IReadOnlyList<QueueState>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        if (Present(topic) is not { } found)
        {
            return ValueTask.FromException<IReadOnlyList<QueueState>>(NotFound(topic));
        }

        var queues = new List<QueueState>();
        for (int queueId = 0; queueId < Math.Max(found.ReadQueues, found.WriteQueues); queueId++)
        {
            long end = core.Offsets.Max(topic, queueId);
            long at = end > 0 ? core.Administration.StoreTimeAt(topic, queueId, end - 1) : -1;
            queues.Add(new QueueState(
                core.Options.Name, queueId, core.Offsets.Min(topic, queueId), end, at > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null));
        }

        return ValueTask.FromResult<IReadOnlyList<QueueState>>(queues);
    }

    public ValueTask<IReadOnlyList<string>> ListGroupsAsync(string topic, CancellationToken cancellationToken = default)
        => Present(topic) is null
            ? ValueTask.FromException<IReadOnlyList<string>>(NotFound(topic))
            : ValueTask.FromResult<IReadOnlyList<string>>([.. core.Offsets.GroupsOf(topic).Order(StringComparer.Ordinal)]);

    private static TopicState StateOf(BrokerTopic topic) => new(
        topic.Name, KindOf(topic), topic.WriteQueues, topic.ReadQueues, topic.IsReadable, topic.IsWritable, topic.Attributes.Pairs);

    private static TopicKind KindOf(BrokerTopic topic)
        => topic.IsSystem ? TopicKind.System
            : topic.IsRetry ? TopicKind.Retry
            : topic.IsUser ? TopicKind.User
            : TopicKind.DeadLetter;

    private static BridgeException NotFound(string topic) => new(BridgeError.TopicNotFound, $"There is no topic {topic}.");

    private static void ThrowIfSystem(BrokerTopic topic)
    {
        if (topic.IsSystem)
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"Topic {topic.Name} is the broker's own.");
        }
    }

    private BrokerTopic? Present(string topic) => EmbeddedTopics.IsOwn(topic) ? null : core.Topics.Find(topic);

    private BrokerTopic Require(string topic) => Present(topic) ?? throw NotFound(topic);

    private TopicState Put(string name, TopicChange change)
    {
        TopicNames.ThrowIfInvalid(name);
        EmbeddedTopics.ThrowIfReserved(name);
        BrokerTopic? present = core.Topics.Find(name);
        if (present is not null)
        {
            ThrowIfSystem(present);
        }

        int queues = change.Queues ?? present?.WriteQueues ?? core.Options.DefaultQueues;
        if (queues < 1 || queues > core.Options.MaxQueuesPerTopic)
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"A topic has 1 to {core.Options.MaxQueuesPerTopic} queues.");
        }

        BrokerTopic wanted = (present ?? new BrokerTopic { Name = name, ReadQueues = queues, WriteQueues = queues }) with
        {
            ReadQueues = Math.Max(queues, present?.ReadQueues ?? 0),
            WriteQueues = Math.Max(queues, present?.WriteQueues ?? 0),
            Permissions = PermissionsOf(change, present),
        };
        SendStatus status = wanted.Equals(present) ? SendStatus.Ok : core.Topics.Put(wanted);
        return status == SendStatus.Ok ? StateOf(wanted) : throw BrokerErrors.ToException(status, null, $"topic {name}");
    }

    private static int PermissionsOf(TopicChange change, BrokerTopic? present)
    {
        int permissions = (present?.Permissions ?? (BrokerTopic.Read | BrokerTopic.Write)) & ~(BrokerTopic.Read | BrokerTopic.Write);
        permissions |= change.CanRead ?? present?.IsReadable ?? true ? BrokerTopic.Read : 0;
        permissions |= change.CanWrite ?? present?.IsWritable ?? true ? BrokerTopic.Write : 0;
        return permissions;
    }
}
