using ProtoBridgeMQ.Client.Admin;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Client;

/// <summary>Consumer groups: their settings, members and progress. <see cref="AdminClient.Groups"/>.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class GroupAdmin
{
    private readonly AdminCalls _calls;
    private readonly ProgressReset _resets;

    internal GroupAdmin(AdminCalls calls)
    {
        _calls = calls;
        _resets = new ProgressReset(calls);
    }

    /// <summary>All groups that brokers have settings of, by name.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string[]> found = await _calls
            .GatherAsync(RequestCode.GetAllSubscriptionGroupConfig, default(NoFields), "Asking for the groups", GroupSettingsJson.Names, cancellationToken)
            .ConfigureAwait(false);
        return [.. found.SelectMany(names => names).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The settings of all groups, by name; of a group that brokers have different settings of, those of the first.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<GroupSettings>> ListSettingsAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<GroupSettings[]> found = await _calls
            .GatherAsync(RequestCode.GetAllSubscriptionGroupConfig, default(NoFields), "Asking for the groups", GroupSettingsJson.Read, cancellationToken)
            .ConfigureAwait(false);
        return [.. found.SelectMany(settings => settings).DistinctBy(settings => settings.Name).OrderBy(settings => settings.Name, StringComparer.Ordinal)];
    }

    /// <summary>Creates a group, or changes its settings, on every broker that has a master.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="broker">On this broker only; null for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtoBridgeMqException">A broker refused, or cannot be reached; others may have it.</exception>
    public ValueTask CreateAsync(GroupSettings settings, string? broker = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Names.RequireGroup(settings.Name);
        return _calls.TellMastersAsync(
            broker, RequestCode.UpdateAndCreateSubscriptionGroup, default(EmptyFields), GroupSettingsJson.Write(settings), $"Creating group {settings.Name}", cancellationToken);
    }

    /// <summary>Deletes a group on every broker that has a master.</summary>
    /// <param name="group">The group.</param>
    /// <param name="removeProgress">Whether its progress goes too; else a group of that name goes on where it was.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtoBridgeMqException">A broker refused, or cannot be reached; others may have done it.</exception>
    public ValueTask DeleteAsync(string group, bool removeProgress, CancellationToken cancellationToken = default)
    {
        Names.RequireGroup(group);
        var header = new DeleteSubscriptionGroupRequestHeader { GroupName = group, CleanOffset = removeProgress, RemoveOffset = removeProgress };
        return _calls.TellMastersAsync(null, RequestCode.DeleteSubscriptionGroup, header, default, $"Deleting group {group}", cancellationToken);
    }

    /// <summary>The members of a group that are connected now, by client id.</summary>
    /// <exception cref="RequestRefusedException">The group has no member.</exception>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<GroupMemberInfo>> ListMembersAsync(string group, CancellationToken cancellationToken = default)
    {
        Names.RequireGroup(group);
        IReadOnlyList<ConsumerConnection> found = await _calls
            .GatherAsync(
                RequestCode.GetConsumerConnectionList,
                new GetConsumerConnectionListRequestHeader { ConsumerGroup = group },
                $"Asking for the members of group {group}",
                static answer => LenientJson.Read(answer.Body.Span, AdminJson.Bodies.ConsumerConnection),
                cancellationToken)
            .ConfigureAwait(false);
        return [.. found
            .SelectMany(broker => broker.Connections)
            .DistinctBy(member => member.ClientId)
            .Select(member => new GroupMemberInfo(member.ClientId, member.ClientAddress, member.Language, member.Version))
            .OrderBy(member => member.ClientId, StringComparer.Ordinal)];
    }

    /// <summary>Where a group is in the queues that it has progress in, those of its retry topic among them.</summary>
    /// <param name="group">The group.</param>
    /// <param name="topic">Of this topic only; null for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RequestRefusedException">No broker knows the group.</exception>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<QueueProgress>> GetProgressAsync(string group, string? topic = null, CancellationToken cancellationToken = default)
    {
        Names.RequireGroup(group);
        IReadOnlyList<ConsumeStats> found = await _calls
            .GatherAsync(
                RequestCode.GetConsumeStats,
                new GetConsumeStatsRequestHeader { ConsumerGroup = group, Topic = topic },
                $"Asking for the progress of group {group}",
                static answer => LenientJson.Read(answer.Body.Span, AdminJson.Bodies.ConsumeStats),
                cancellationToken)
            .ConfigureAwait(false);
        return [.. found
            .SelectMany(broker => broker.Offsets.Entries)
            .Select(entry => new QueueProgress(
                new MessageQueue(entry.Key.Topic, entry.Key.BrokerName, entry.Key.QueueId),
                entry.Value.ConsumerOffset,
                entry.Value.BrokerOffset,
                entry.Value.LastTimestamp > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(entry.Value.LastTimestamp) : null))
            .OrderBy(progress => progress.Queue)];
    }

    /// <summary>Sets the group's progress in a topic to the first messages stored at or after a time; running members go on there.</summary>
    /// <returns>The new offset of each queue.</returns>
    /// <exception cref="ProtoBridgeMqException">A broker refused, or cannot be reached; others may have done it.</exception>
    public ValueTask<IReadOnlyDictionary<MessageQueue, long>> ResetAsync(string group, string topic, DateTimeOffset time, CancellationToken cancellationToken = default)
        => _resets.ResetAsync(group, topic, Math.Max(0, time.ToUnixTimeMilliseconds()), cancellationToken);

    /// <summary>Sets the group's progress in a topic to the ends of its queues: what is stored now is passed over.</summary>
    /// <inheritdoc cref="ResetAsync(string, string, DateTimeOffset, CancellationToken)"/>
    public ValueTask<IReadOnlyDictionary<MessageQueue, long>> ResetToEndAsync(string group, string topic, CancellationToken cancellationToken = default)
        => _resets.ResetAsync(group, topic, ProgressReset.End, cancellationToken);

    /// <summary>Sets the group's progress in one queue; a running member goes on there.</summary>
    /// <exception cref="RequestRefusedException">
    /// The broker is older than RocketMQ 5 and the group has members: such brokers set running members by time only, all queues of a topic at once.
    /// </exception>
    /// <inheritdoc cref="ResetAsync(string, string, DateTimeOffset, CancellationToken)"/>
    public ValueTask<IReadOnlyDictionary<MessageQueue, long>> ResetAsync(string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return _resets.ResetAsync(group, queue, offset, cancellationToken);
    }
}

/// <summary>A group's settings, as brokers keep them.</summary>
/// <param name="Name">The group.</param>
public sealed record GroupSettings(string Name)
{
    /// <summary>Whether it may consume. Default true.</summary>
    public bool CanConsume { get; init; } = true;

    /// <summary>Whether its members may consume by broadcasting. Default true.</summary>
    public bool CanBroadcast { get; init; } = true;

    /// <summary>Whether a queue is handled in order: brokers of 5.x look at it for pops. Default false.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>Queues of its retry topic. Default 1.</summary>
    public int RetryQueues { get; init; } = 1;

    /// <summary>Tries after which a message becomes a dead letter. Default 16.</summary>
    public int MaxRetries { get; init; } = 16;
}

/// <summary>A member of a group that is connected.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Language">What it is written in, as it says.</param>
/// <param name="Version">RocketMQ's number of its version.</param>
public sealed record GroupMemberInfo(string ClientId, string Address, string Language, int Version);

/// <summary>Where a group is in a queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Offset">The next offset that the group has not finished.</param>
/// <param name="End">One behind the newest message.</param>
/// <param name="LastHandledStoredAt">When the last message that it finished was stored; null without one.</param>
public sealed record QueueProgress(MessageQueue Queue, long Offset, long End, DateTimeOffset? LastHandledStoredAt)
{
    /// <summary>Messages that it has before it.</summary>
    public long Lag => End - Offset;
}
