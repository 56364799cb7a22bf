using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Groups;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Consumer groups: their settings, members and queue locks.</summary>
/// <remarks>Thread safe.</remarks>
public interface IGroups
{
    /// <summary>The settings of a group; null when it has none and may not get them by being used.</summary>
    SubscriptionGroup? FindOrCreate(string group);

    /// <summary>The settings of a group, or null.</summary>
    SubscriptionGroup? Find(string group);

    /// <summary>All groups with settings.</summary>
    IReadOnlyList<SubscriptionGroup> All();

    /// <summary>Sets a group's settings and persists them; false when the name is impossible or there are too many.</summary>
    bool Put(SubscriptionGroup group);

    /// <summary>
    /// Makes somebody a member, or renews a member. The other members are told when the list changed. A member of
    /// this process that never renews stays until it leaves when <see cref="GroupMember.Expires"/> is false.
    /// </summary>
    /// <returns>Ok, GroupInvalid, GroupNotFound, or Busy when a limit of members or groups is reached.</returns>
    SendStatus Join(GroupMember member);

    /// <summary>Ends a membership; the others are told.</summary>
    void Leave(GroupMember member);

    /// <summary>Client ids of the members, sorted ordinally; empty when there are none.</summary>
    IReadOnlyList<string> ClientIds(string group);

    /// <summary>The members.</summary>
    IReadOnlyList<GroupMember> Members(string group);

    /// <summary>Locks a queue for a member, for as long as the lease option says; true when it holds the lock now.</summary>
    bool TryLock(string group, string topic, int queueId, string clientId);

    /// <summary>Gives a lock back; nothing happens when somebody else holds it.</summary>
    void Unlock(string group, string topic, int queueId, string clientId);
}

/// <summary>A group's settings. A change makes a new value.</summary>
public sealed record SubscriptionGroup
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it may consume.</summary>
    public bool ConsumeEnabled { get; init; } = true;

    /// <summary>Whether a new consumer may begin at the oldest message.</summary>
    public bool ConsumeFromMinEnabled { get; init; } = true;

    /// <summary>Whether it may broadcast.</summary>
    public bool ConsumeBroadcastEnabled { get; init; } = true;

    /// <summary>Queues of its retry topic.</summary>
    public int RetryQueues { get; init; } = 1;

    /// <summary>Tries after which a message becomes a dead letter.</summary>
    public int MaxRetries { get; init; } = 16;

    /// <summary>Broker to read from.</summary>
    public long BrokerId { get; init; }

    /// <summary>Broker to read from when that one is slow.</summary>
    public long BrokerIdWhenSlow { get; init; } = 1;

    /// <summary>Whether members are told of changes in membership.</summary>
    public bool NotifyMembers { get; init; } = true;

    /// <summary>Whether it consumes in order.</summary>
    public bool ConsumeOrderly { get; init; }

    /// <summary>Minutes that one message may take.</summary>
    public int ConsumeTimeoutMinutes { get; init; } = 15;

    /// <summary>System flag of the group.</summary>
    public int SystemFlag { get; init; }

    /// <summary>Attributes, as RocketMQ 5 has them.</summary>
    public GroupAttributes Attributes { get; init; } = GroupAttributes.None;

    /// <summary>Whether messages that it has not read are never deleted.</summary>
    public bool IsProtected => Attributes.IsProtected;

    /// <summary>Settings that this broker does not know or use, as they were given.</summary>
    public KeptFields Kept { get; init; } = KeptFields.None;
}

/// <summary>What a member reads.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Expression">Its expression.</param>
/// <param name="Version">Larger is newer; usually milliseconds.</param>
/// <param name="Filter">What matches it; everything when the expression cannot be read.</param>
/// <param name="ExpressionType">TAG, SQL92 and so on.</param>
public sealed record GroupSubscription(string Topic, string Expression, long Version, IMessageFilter Filter, string ExpressionType = "TAG")
{
    /// <summary>Why the expression cannot be read; null when it can.</summary>
    public FilterRefusal? Refusal { get; init; }

    /// <summary>What it wants, in one spelling.</summary>
    internal string Wanted => Refusal is not null || Filter is not TagFilter tags ? $"{ExpressionType}: {Expression}"
        : tags.IsAll ? "*"
        : string.Join(" || ", tags.Tags.Order(StringComparer.Ordinal));
}

/// <summary>How a group shares its messages.</summary>
public enum GroupModel
{
    /// <summary>Members share the queues.</summary>
    Clustering,

    /// <summary>Every member reads everything.</summary>
    Broadcasting,
}

/// <summary>Somebody who consumes in a group: a connection's client, or a stream of the gateway.</summary>
public abstract class GroupMember
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>Who it is; unique in the group. Queues are shared out over the sorted ids.</summary>
    public required string ClientId { get; init; }

    /// <summary>What it reads.</summary>
    public required IReadOnlyList<GroupSubscription> Subscriptions { get; init; }

    /// <summary>How it shares.</summary>
    public GroupModel Model { get; init; }

    /// <summary>CONSUME_ACTIVELY (pull) or CONSUME_PASSIVELY (push).</summary>
    public string ConsumeType { get; init; } = "CONSUME_PASSIVELY";

    /// <summary>Where a group without progress begins.</summary>
    public string ConsumeFromWhere { get; init; } = "CONSUME_FROM_LAST_OFFSET";

    /// <summary>Where it is, for listings.</summary>
    public string Address { get; init; } = "in-process";

    /// <summary>Language and version as it says, for listings.</summary>
    public string Language { get; init; } = "DOTNET";

    /// <summary>Protocol version number as it says.</summary>
    public int Version { get; init; }

    /// <summary>Whether it must renew its membership.</summary>
    public virtual bool Expires => false;

    /// <summary>What it is connected by: all members of it leave together when it closes. By default the member itself.</summary>
    public virtual object ConnectionKey => this;

    /// <summary>Why <see cref="IGroups.Join"/> refused it, when there is more to say than its outcome.</summary>
    public string? Refused { get; internal set; }

    internal long RenewedAt { get; set; }

    /// <summary>Closes its connection; false for a member that has none of its own.</summary>
    public virtual bool TryDisconnect() => false;

    /// <summary>The list of members changed: look at <see cref="IGroups.ClientIds"/> again. Must be quick and not throw.</summary>
    public abstract void MembersChanged();
}
