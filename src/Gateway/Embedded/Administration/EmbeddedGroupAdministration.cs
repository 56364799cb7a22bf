using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;

namespace ProtoBridgeMQ.Gateway.Embedded.Administration;

/// <summary>Groups of the broker in this process.</summary>
internal sealed class EmbeddedGroupAdministration(IBrokerCore core, Func<string, CancellationToken, ValueTask> follow) : IGroupAdministration
{
    public ValueTask<IReadOnlyList<GroupSettings>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<GroupSettings>>(
            [.. core.Groups.All().OrderBy(group => group.Name, StringComparer.Ordinal).Select(SettingsOf)]);

    public ValueTask<GroupSettings?> FindAsync(string group, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(core.Groups.Find(group) is { } found ? SettingsOf(found) : null);

    public ValueTask<GroupSettings> PutAsync(GroupSettings settings, CancellationToken cancellationToken = default)
    {
        SubscriptionGroup wanted = (core.Groups.Find(settings.Name) ?? new SubscriptionGroup { Name = settings.Name }) with
        {
            ConsumeEnabled = settings.CanConsume,
            ConsumeBroadcastEnabled = settings.CanBroadcast,
            ConsumeOrderly = settings.IsOrdered,
            RetryQueues = settings.RetryQueues,
            MaxRetries = settings.MaxRetries,
        };
        return core.Groups.Put(wanted)
            ? ValueTask.FromResult(SettingsOf(wanted))
            : ValueTask.FromException<GroupSettings>(TopicNames.IsValidGroup(settings.Name)
                ? new BridgeException(BridgeError.Busy, $"The broker has {core.Options.MaxGroups} groups, as many as it may.")
                : new BridgeException(BridgeError.GroupInvalid, "The group's name is not possible."));
    }

    public ValueTask DeleteAsync(string group, bool removeProgress, CancellationToken cancellationToken = default)
    {
        core.Administration.DeleteGroup(group, removeProgress);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<GroupMemberState>> ListMembersAsync(string group, CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<GroupMemberState>>(
            [.. core.Groups.Members(group).OrderBy(member => member.ClientId, StringComparer.Ordinal).Select(StateOf)]);

    public ValueTask<IReadOnlyList<QueueLag>> GetProgressAsync(string group, CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<QueueLag>>([.. ProgressOf(group, withTimes: true)]);

    public ValueTask<long> GetLagAsync(string group, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(ProgressOf(group, withTimes: false).Sum(queue => queue.Lag));

    public async ValueTask<IReadOnlyList<QueueReset>> ResetAsync(OffsetReset reset, CancellationToken cancellationToken = default)
    {
        List<QueueReset> queues = Reset(reset);
        if (!reset.DryRun)
        {
            await follow(reset.Group, cancellationToken).ConfigureAwait(false);
        }

        return queues;
    }

    private static GroupSettings SettingsOf(SubscriptionGroup group) => new(group.Name)
    {
        CanConsume = group.ConsumeEnabled,
        CanBroadcast = group.ConsumeBroadcastEnabled,
        IsOrdered = group.ConsumeOrderly,
        RetryQueues = group.RetryQueues,
        MaxRetries = group.MaxRetries,
        IsSystem = SubscriptionGroupTable.IsSystem(group.Name),
    };

    private static GroupMemberState StateOf(GroupMember member) => new(
        member.ClientId,
        member.Address,
        member.Language,
        member.Version,
        member is GatewayMember,
        [.. member.Subscriptions.Select(wanted => new MemberSubscription(wanted.Topic, wanted.Expression, wanted.ExpressionType))]);

    private IEnumerable<QueueLag> ProgressOf(string group, bool withTimes)
    {
        // Progress of a topic that no member reads any more is of an earlier time: it is no lag.
        HashSet<string> read = [.. core.Groups.Members(group).SelectMany(member => member.Subscriptions).Select(wanted => wanted.Topic)];
        foreach (string name in core.Administration.TopicsOf(group).Union(read).Where(name => read.Count == 0 || read.Contains(name)).Order(StringComparer.Ordinal))
        {
            if (core.Topics.Find(name) is not { } topic)
            {
                continue;
            }

            for (int queueId = 0; queueId < topic.ReadQueues; queueId++)
            {
                long progress = core.Offsets.Query(group, name, queueId);
                long offset = Math.Max(progress, core.Offsets.Min(name, queueId));
                long at = withTimes && progress > 0 ? core.Administration.StoreTimeAt(name, queueId, progress - 1) : -1;
                yield return new QueueLag(
                    name, core.Options.Name, queueId, offset, core.Offsets.Max(name, queueId), at > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null);
            }
        }
    }

    private List<QueueReset> Reset(OffsetReset reset)
    {
        BrokerTopic topic = core.Topics.Find(reset.Topic) ?? throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {reset.Topic}.");
        if (core.Groups.Find(reset.Group) is null)
        {
            throw new BridgeException(BridgeError.GroupInvalid, $"There is no group {reset.Group}.");
        }

        List<QueueReset> queues = [];
        for (int queueId = 0; queueId < topic.ReadQueues; queueId++)
        {
            long to = reset.Time is { } time ? core.Offsets.Search(topic.Name, queueId, time.ToUnixTimeMilliseconds()) : core.Offsets.Max(topic.Name, queueId);
            queues.Add(new QueueReset(core.Options.Name, queueId, core.Offsets.Query(reset.Group, topic.Name, queueId), to));
        }

        if (!reset.DryRun && core.Administration.Reset(reset.Group, topic.Name, queues.ToDictionary(queue => queue.QueueId, queue => queue.To)) is { } refusal)
        {
            throw new BridgeException(BridgeError.Busy, $"The progress was not set: {refusal}.");
        }

        return queues;
    }
}
