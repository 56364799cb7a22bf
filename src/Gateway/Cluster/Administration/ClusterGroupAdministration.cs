using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Client;
using Settings = ProtoBridgeMQ.Client.GroupSettings;
using State = ProtoBridgeMQ.Bridge.Administration.GroupSettings;

namespace ProtoBridgeMQ.Gateway.Cluster.Administration;

/// <summary>Groups of a cluster.</summary>
internal sealed class ClusterGroupAdministration(AdminClient admin, QueueReader reader) : IGroupAdministration
{
    /// <summary>Groups that brokers have for themselves and their tools.</summary>
    private static readonly HashSet<string> SystemGroups = new(StringComparer.Ordinal)
    {
        "TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "SELF_TEST_P_GROUP", "CID_ONSAPI_OWNER", "CID_ONSAPI_PERMISSION",
        "CID_ONSAPI_PULL", "CID_ONS-HTTP-PROXY", "CID_DEFAULT_HEART_BEAT_SYNCER_TOPIC", "__MONITOR_CONSUMER",
    };

    public async ValueTask<IReadOnlyList<State>> ListAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<Settings> found = await ClusterErrors.TranslateAsync(admin.Groups.ListSettingsAsync(cancellationToken)).ConfigureAwait(false);
        return [.. found.Select(StateOf)];
    }

    public async ValueTask<State?> FindAsync(string group, CancellationToken cancellationToken = default)
        => (await ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(settings => settings.Name == group);

    public async ValueTask<State> PutAsync(State settings, CancellationToken cancellationToken = default)
    {
        TopicNames.ThrowIfInvalidGroup(settings.Name);
        var wanted = new Settings(settings.Name)
        {
            CanConsume = settings.CanConsume,
            CanBroadcast = settings.CanBroadcast,
            IsOrdered = settings.IsOrdered,
            RetryQueues = settings.RetryQueues,
            MaxRetries = settings.MaxRetries,
        };
        await ClusterErrors.TranslateAsync(admin.Groups.CreateAsync(wanted, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return StateOf(wanted);
    }

    public ValueTask DeleteAsync(string group, bool removeProgress, CancellationToken cancellationToken = default)
        => ClusterErrors.TranslateAsync(admin.Groups.DeleteAsync(group, removeProgress, cancellationToken));

    public async ValueTask<IReadOnlyList<GroupMemberState>> ListMembersAsync(string group, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<GroupMemberInfo> members = await OrNoneAsync(admin.Groups.ListMembersAsync(group, cancellationToken)).ConfigureAwait(false);
        return [.. members.Select(member => new GroupMemberState(
            member.ClientId, member.Address, member.Language, member.Version, member.ClientId.Contains("protobridge", StringComparison.Ordinal), []))];
    }

    public async ValueTask<IReadOnlyList<QueueLag>> GetProgressAsync(string group, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<QueueProgress> progress = await OrNoneAsync(admin.Groups.GetProgressAsync(group, null, cancellationToken)).ConfigureAwait(false);
        return [.. progress
            .Select(queue => new QueueLag(queue.Queue.Topic, queue.Queue.BrokerName, queue.Queue.QueueId, queue.Offset, queue.End, queue.LastHandledStoredAt))
            .OrderBy(queue => queue.Topic, StringComparer.Ordinal)
            .ThenBy(queue => queue.Broker, StringComparer.Ordinal)
            .ThenBy(queue => queue.QueueId)];
    }

    public async ValueTask<long> GetLagAsync(string group, CancellationToken cancellationToken = default)
        => (await GetProgressAsync(group, cancellationToken).ConfigureAwait(false)).Sum(queue => queue.Lag);

    public async ValueTask<IReadOnlyList<QueueReset>> ResetAsync(OffsetReset reset, CancellationToken cancellationToken = default)
    {
        if (await FindAsync(reset.Group, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new BridgeException(BridgeError.GroupInvalid, $"There is no group {reset.Group}.");
        }

        TopicRoute route = await ClusterErrors.TranslateAsync(admin.FindRouteAsync(reset.Topic, cancellationToken)).ConfigureAwait(false)
            ?? throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {reset.Topic}.");
        var before = (await GetProgressAsync(reset.Group, cancellationToken).ConfigureAwait(false))
            .Where(queue => queue.Topic == reset.Topic)
            .ToDictionary(queue => (queue.Broker, queue.QueueId), queue => queue.Offset);
        List<QueueReset> queues = [];
        foreach (MessageQueue queue in route.ReadQueues)
        {
            queues.Add(new QueueReset(
                queue.BrokerName, queue.QueueId, before.GetValueOrDefault((queue.BrokerName, queue.QueueId), -1), await TargetAsync(queue, reset, cancellationToken).ConfigureAwait(false)));
        }

        if (!reset.DryRun)
        {
            await ClusterErrors
                .TranslateAsync(reset.Time is { } time
                    ? admin.Groups.ResetAsync(reset.Group, reset.Topic, time, cancellationToken)
                    : admin.Groups.ResetToEndAsync(reset.Group, reset.Topic, cancellationToken))
                .ConfigureAwait(false);
        }

        return queues;
    }

    private static State StateOf(Settings settings) => new(settings.Name)
    {
        CanConsume = settings.CanConsume,
        CanBroadcast = settings.CanBroadcast,
        IsOrdered = settings.IsOrdered,
        RetryQueues = settings.RetryQueues,
        MaxRetries = settings.MaxRetries,
        IsSystem = SystemGroups.Contains(settings.Name),
    };

    /// <summary>Brokers refuse to tell of a group that has no member, or no progress.</summary>
    private static async ValueTask<IReadOnlyList<T>> OrNoneAsync<T>(ValueTask<IReadOnlyList<T>> call)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (RequestRefusedException)
        {
            return [];
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    private ValueTask<long> TargetAsync(MessageQueue queue, OffsetReset reset, CancellationToken cancellationToken)
        => ClusterErrors.TranslateAsync(reset.Time is { } time ? reader.SearchOffsetAsync(queue, time, cancellationToken) : reader.GetMaxOffsetAsync(queue, cancellationToken));
}
