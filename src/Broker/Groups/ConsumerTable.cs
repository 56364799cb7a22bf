using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>Consumer groups with members; <see cref="IGroups"/> of the broker core.</summary>
public sealed class ConsumerTable : IGroups
{
    private readonly ConcurrentDictionary<string, ConsumerGroup> _groups = new(StringComparer.Ordinal);
    private readonly BrokerOptions _options;
    private readonly SubscriptionGroupTable _settings;
    private readonly TopicTable _topics;
    private readonly GroupFilters _filters;
    private readonly SubscriptionWatch _watch;
    private readonly QueueLocks _locks;
    private readonly TimeProvider _time;

    /// <summary>An empty table.</summary>
    public ConsumerTable(
        BrokerOptions options, SubscriptionGroupTable settings, TopicTable topics, GroupFilters filters, SubscriptionWatch watch, TimeProvider time)
    {
        _filters = filters;
        _watch = watch;
        _options = options;
        _settings = settings;
        _topics = topics;
        _time = time;
        _locks = new QueueLocks(time, options.QueueLockLease);
    }

    /// <summary>How many members all groups have.</summary>
    public int MemberCount => _groups.Values.Sum(static group => group.ClientIds.Count);

    /// <summary>Settings of all groups, with the version of the table.</summary>
    public SubscriptionGroupTable Settings => _settings;

    /// <inheritdoc/>
    public SubscriptionGroup? FindOrCreate(string group) => _settings.FindOrCreate(group);

    /// <inheritdoc/>
    public SubscriptionGroup? Find(string group) => _settings.Find(group);

    /// <inheritdoc/>
    public IReadOnlyList<SubscriptionGroup> All() => _settings.All();

    /// <inheritdoc/>
    public bool Put(SubscriptionGroup group) => _settings.Put(group);

    /// <summary>Groups whose members read a topic.</summary>
    public IEnumerable<string> GroupsReading(string topic) =>
        _groups.Values.Where(group => group.Subscription(topic) is not null).Select(static group => group.Name);

    /// <summary>A group with members, or null.</summary>
    public ConsumerGroup? FindMembers(string group) => _groups.GetValueOrDefault(group);

    /// <inheritdoc/>
    public SendStatus Join(GroupMember member)
    {
        if (TopicName.RejectGroup(member.Group) is not null || member.ClientId.Length is 0 or > 1024)
        {
            return SendStatus.GroupInvalid;
        }

        if (_settings.FindOrCreate(member.Group) is not { } settings)
        {
            return SendStatus.GroupNotFound;
        }

        if (member.Subscriptions.Count > _options.MaxSubscriptionsPerMember)
        {
            return SendStatus.Busy;
        }

        SendStatus retry = CreateRetryTopic(settings);
        if (retry != SendStatus.Ok)
        {
            return retry;
        }

        while (true)
        {
            ConsumerGroup group = _groups.GetOrAdd(member.Group, static (name, watch) => new ConsumerGroup(name, watch), _watch);
            bool? changed = group.Join(
                member, _time.GetTimestamp(), _options.MaxGroupMembers, agree: _options.DifferentSubscriptions == DifferentSubscriptions.Refuse);
            if (changed is null && group.IsClosed)
            {
                // Its last member left just now: a closed group is never filled again.
                _groups.TryRemove(KeyValuePair.Create(member.Group, group));
                continue;
            }

            if (changed == true)
            {
                Tell(group, settings);
            }

            return changed is not null ? KeepFilters(group, member)
                : member.Refused is not null ? SendStatus.SubscriptionDiffers
                : SendStatus.Busy;
        }
    }

    /// <inheritdoc/>
    public void Leave(GroupMember member)
    {
        if (_groups.TryGetValue(member.Group, out ConsumerGroup? group) && group.Leave(member))
        {
            AfterLeaving(group);
        }
    }

    /// <summary>Ends the membership of a client id.</summary>
    public void Leave(string groupName, string clientId)
    {
        if (_groups.TryGetValue(groupName, out ConsumerGroup? group) && group.Leave(clientId))
        {
            AfterLeaving(group);
        }
    }

    /// <summary>Ends the memberships of a connection in these groups.</summary>
    public void LeaveConnection(object connectionKey, IEnumerable<string> groupNames)
    {
        foreach (string groupName in groupNames)
        {
            if (_groups.TryGetValue(groupName, out ConsumerGroup? group) && group.LeaveConnection(connectionKey) > 0)
            {
                AfterLeaving(group);
            }
        }
    }

    /// <summary>Ends memberships whose heartbeats stopped, and leases that ran out.</summary>
    public void Sweep()
    {
        long before = _time.GetTimestamp() - (long)(_options.ClientExpiry.TotalSeconds * _time.TimestampFrequency);
        foreach (ConsumerGroup group in _groups.Values)
        {
            if (group.Expire(before) > 0)
            {
                AfterLeaving(group);
            }
        }

        _locks.Sweep();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClientIds(string group) =>
        _groups.TryGetValue(group, out ConsumerGroup? found) ? found.ClientIds : [];

    /// <inheritdoc/>
    public IReadOnlyList<GroupMember> Members(string group) =>
        _groups.TryGetValue(group, out ConsumerGroup? found) ? found.Members() : [];

    /// <inheritdoc/>
    public bool TryLock(string group, string topic, int queueId, string clientId) =>
        _locks.TryLock(group, topic, queueId, clientId);

    /// <inheritdoc/>
    public void Unlock(string group, string topic, int queueId, string clientId) =>
        _locks.Unlock(group, topic, queueId, clientId);

    /// <summary>Whether the group holds any queue lock.</summary>
    public bool AnyLockHeld(string group) => _locks.AnyHeld(group);

    private SendStatus CreateRetryTopic(SubscriptionGroup settings)
    {
        if (settings.RetryQueues <= 0)
        {
            return SendStatus.Ok;
        }

        return _topics.CreateIfAbsent(
            new BrokerTopic { Name = TopicName.Retry(settings.Name), ReadQueues = settings.RetryQueues, WriteQueues = settings.RetryQueues },
            out _);
    }

    private SendStatus KeepFilters(ConsumerGroup group, GroupMember member) =>
        _filters.Register(group.Name, member.Subscriptions, topic => group.Subscription(topic) is not null) ? SendStatus.Ok : SendStatus.Busy;

    private void AfterLeaving(ConsumerGroup group)
    {
        if (group.IsClosed)
        {
            _groups.TryRemove(KeyValuePair.Create(group.Name, group));
            _filters.Unregister(group.Name);
        }
        else
        {
            Tell(group, _settings.Find(group.Name));
        }
    }

    private static void Tell(ConsumerGroup group, SubscriptionGroup? settings)
    {
        bool clientsToo = settings?.NotifyMembers != false;
        // Those in this process give up their queues and save progress at once, before the others ask where to begin;
        // they have no timer to look by, so they are told whatever the group says.
        foreach (GroupMember member in group.Members().OrderBy(static member => member.Expires))
        {
            if (clientsToo || !member.Expires)
            {
                member.MembersChanged();
            }
        }
    }
}
