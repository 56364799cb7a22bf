using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster.Administration;

/// <summary>Topics of a cluster. Brokers are asked by the SDK, which does not change permissions.</summary>
internal sealed class ClusterTopicAdministration(AdminClient admin, ClusterTopics topics) : ITopicAdministration
{
    private static readonly Dictionary<string, string> NoAttributes = [];

    public async ValueTask<IReadOnlyList<TopicState>> ListAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> names = await ClusterErrors.TranslateAsync(admin.ListTopicsAsync(cancellationToken)).ConfigureAwait(false);
        List<TopicState> states = [];
        foreach (string name in names.Where(name => !ClusterTopics.IsOwn(name)))
        {
            if (await FindKnownAsync(name, cancellationToken).ConfigureAwait(false) is { } state)
            {
                states.Add(state);
            }
        }

        return states;
    }

    public async ValueTask<TopicState?> FindAsync(string topic, CancellationToken cancellationToken = default)
    {
        if (ClusterTopics.IsOwn(topic) || !TopicNames.IsValid(topic))
        {
            return null;
        }

        // The route of a topic that was deleted is kept until a broker says no: only the list tells that it is gone.
        IReadOnlyList<string> names = await ClusterErrors.TranslateAsync(admin.ListTopicsAsync(cancellationToken)).ConfigureAwait(false);
        return names.Contains(topic, StringComparer.Ordinal) ? await FindKnownAsync(topic, cancellationToken).ConfigureAwait(false) : null;
    }

    private async ValueTask<TopicState?> FindKnownAsync(string topic, CancellationToken cancellationToken)
    {
        TopicRoute? route = await ClusterErrors.TranslateAsync(admin.FindRouteAsync(topic, cancellationToken)).ConfigureAwait(false);
        return route is null
            ? null
            : new TopicState(
                topic, topics.KindOf(topic), route.WriteQueues.Count, route.ReadQueues.Count, route.ReadQueues.Count > 0, route.WriteQueues.Count > 0, NoAttributes);
    }

    public async ValueTask<TopicState> PutAsync(string topic, TopicChange change, CancellationToken cancellationToken = default)
    {
        TopicNames.ThrowIfInvalid(topic);
        ThrowIfSystem(topic);
        TopicState? present = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
        if (change.CanRead == !(present?.CanRead ?? true) || change.CanWrite == !(present?.CanWrite ?? true))
        {
            throw new BridgeException(BridgeError.Unsupported, "Permissions of topics of a cluster cannot be changed from here.");
        }

        if (present is null || change.Queues > present.Queues)
        {
            await topics.CreateAsync(topic, change.Queues ?? 8, cancellationToken).ConfigureAwait(false);
        }

        return await RequireAsync(topic, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DeleteAsync(string topic, CancellationToken cancellationToken = default)
    {
        ThrowIfSystem(topic);
        await RequireAsync(topic, cancellationToken).ConfigureAwait(false);
        await ClusterErrors.TranslateAsync(admin.DeleteTopicAsync(topic, cancellationToken)).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<QueueState>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        await RequireAsync(topic, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<QueueEnds> ends = await ClusterErrors.TranslateAsync(admin.GetTopicEndsAsync(topic, cancellationToken)).ConfigureAwait(false);
        return [.. ends
            .Select(queue => new QueueState(queue.Queue.BrokerName, queue.Queue.QueueId, queue.First, queue.End, queue.LastStoredAt))
            .OrderBy(queue => queue.Broker, StringComparer.Ordinal)
            .ThenBy(queue => queue.QueueId)];
    }

    public async ValueTask<IReadOnlyList<string>> ListGroupsAsync(string topic, CancellationToken cancellationToken = default)
    {
        await RequireAsync(topic, cancellationToken).ConfigureAwait(false);
        return await ClusterErrors.TranslateAsync(admin.ListGroupsOfTopicAsync(topic, cancellationToken)).ConfigureAwait(false);
    }

    private void ThrowIfSystem(string topic)
    {
        if (topics.KindOf(topic) == TopicKind.System)
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"Topic {topic} is the brokers' own.");
        }
    }

    private async ValueTask<TopicState> RequireAsync(string topic, CancellationToken cancellationToken)
        => await FindAsync(topic, cancellationToken).ConfigureAwait(false) ?? throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
}
