namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>Consumer groups: settings, members, progress.</summary>
/// <remarks>Thread safe.</remarks>
public interface IGroupAdministration
{
    /// <summary>All groups that have settings, by name.</summary>
    ValueTask<IReadOnlyList<GroupSettings>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>The settings of a group, or null.</summary>
    ValueTask<GroupSettings?> FindAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>Makes a group, or changes its settings.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.GroupInvalid"/>.</exception>
    ValueTask<GroupSettings> PutAsync(GroupSettings settings, CancellationToken cancellationToken = default);

    /// <summary>Deletes a group's settings and, when asked, its progress. Dead letters stay.</summary>
    ValueTask DeleteAsync(string group, bool removeProgress, CancellationToken cancellationToken = default);

    /// <summary>The members that are connected now, by client id.</summary>
    ValueTask<IReadOnlyList<GroupMemberState>> ListMembersAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>Where a group is in every queue that it has progress in, those of its retry topic among them.</summary>
    ValueTask<IReadOnlyList<QueueLag>> GetProgressAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>Messages that a group has before it in all, without looking at each message's time.</summary>
    ValueTask<long> GetLagAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sets a group's progress in a topic, or says what it would be set to. Durable when it completes; members go on there.
    /// </summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicNotFound"/>, <see cref="BridgeError.GroupInvalid"/>, or
    /// <see cref="BridgeError.Busy"/> while the group is read in a way that takes no reset.</exception>
    ValueTask<IReadOnlyList<QueueReset>> ResetAsync(OffsetReset reset, CancellationToken cancellationToken = default);
}

/// <summary>Settings of a group, as brokers keep them.</summary>
/// <param name="Name">The group.</param>
public sealed record GroupSettings(string Name)
{
    /// <summary>Whether it may consume.</summary>
    public bool CanConsume { get; init; } = true;

    /// <summary>Whether its members may consume by broadcasting.</summary>
    public bool CanBroadcast { get; init; } = true;

    /// <summary>Whether a queue is handled in order.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>Queues of its retry topic.</summary>
    public int RetryQueues { get; init; } = 1;

    /// <summary>Tries after which a message becomes a dead letter.</summary>
    public int MaxRetries { get; init; } = 16;

    /// <summary>Whether it is one of the brokers' own.</summary>
    public bool IsSystem { get; init; }
}

/// <summary>A member of a group that is connected.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Language">What it is written in, as it says.</param>
/// <param name="Version">Number of its version, as it says.</param>
/// <param name="IsGateway">Whether it is a gateway that consumes for HTTP and MQTT clients.</param>
/// <param name="Subscriptions">What it reads: topic and expression; empty where the brokers do not say.</param>
public sealed record GroupMemberState(
    string ClientId, string Address, string Language, int Version, bool IsGateway, IReadOnlyList<MemberSubscription> Subscriptions);

/// <summary>What a member of a group reads.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Expression">Tags or SQL92.</param>
/// <param name="ExpressionType">TAG or SQL92.</param>
public sealed record MemberSubscription(string Topic, string Expression, string ExpressionType);

/// <summary>Where a group is in a queue.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Broker">Broker set.</param>
/// <param name="QueueId">Queue.</param>
/// <param name="Offset">The next offset that the group has not finished.</param>
/// <param name="End">One behind the newest message.</param>
/// <param name="LastHandledStoredAt">When the last message that it finished was stored; null without one.</param>
public sealed record QueueLag(string Topic, string Broker, int QueueId, long Offset, long End, DateTimeOffset? LastHandledStoredAt)
{
    /// <summary>Messages that the group has before it.</summary>
    public long Lag => Math.Max(0, End - Offset);
}

/// <summary>A wish to set a group's progress.</summary>
/// <param name="Group">The group.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Time">To the first messages stored at or after it; null: to the end.</param>
/// <param name="DryRun">Whether only to say what would be.</param>
public sealed record OffsetReset(string Group, string Topic, DateTimeOffset? Time, bool DryRun);

/// <summary>What became of a queue's progress, or would.</summary>
/// <param name="Broker">Broker set.</param>
/// <param name="QueueId">Queue.</param>
/// <param name="From">Progress before; -1 without any.</param>
/// <param name="To">Progress after.</param>
public sealed record QueueReset(string Broker, int QueueId, long From, long To);
