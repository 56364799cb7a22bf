using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>The members of one consumer group and what the group reads.</summary>
/// <remarks>Changes happen under its own lock; readers take snapshots that are replaced as a whole.</remarks>
public sealed class ConsumerGroup(string name, SubscriptionWatch watch)
{
    private readonly Dictionary<string, GroupMember> _members = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, GroupSubscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<object, GroupMember> _connections = new(ReferenceEqualityComparer.Instance);
    private readonly SubscriptionCounts _counts = new(name, watch);
    private readonly Lock _lock = new();
    private volatile string[] _clientIds = [];

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Client ids, sorted.</summary>
    public IReadOnlyList<string> ClientIds => _clientIds;

    /// <summary>How it shares, as its last member said.</summary>
    public GroupModel Model { get; private set; }

    /// <summary>Whether nobody is left; then it never gets members again.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The members as of now.</summary>
    public GroupMember[] Members()
    {
        lock (_lock)
        {
            return [.. _members.Values];
        }
    }

    /// <summary>What the group reads of a topic, or null.</summary>
    public GroupSubscription? Subscription(string topic) => _subscriptions.GetValueOrDefault(topic);

    /// <summary>Whether members want different things of a topic.</summary>
    public bool Differ(string topic) => _counts.Differ(topic);

    /// <summary>The member at the other end of a connection, or null.</summary>
    public GroupMember? FindByConnection(object connection)
    {
        lock (_lock)
        {
            return _connections.GetValueOrDefault(connection);
        }
    }

    /// <summary>Everything the group reads.</summary>
    public IReadOnlyList<GroupSubscription> Subscriptions() => [.. _subscriptions.Values];

    /// <summary>For people: what members want of a topic, and how many of them, when it is not the same; else null.</summary>
    public string? Difference(string topic)
    {
        lock (_lock)
        {
            return _counts.Describe(topic);
        }
    }

    /// <summary>Adds or renews a member.</summary>
    /// <param name="member">The member.</param>
    /// <param name="now">When.</param>
    /// <param name="limit">Most members.</param>
    /// <param name="agree">Whether it must want what the others want.</param>
    /// <returns>Null when the group is closed or full, or the member is refused; otherwise whether the others must be told.</returns>
    public bool? Join(GroupMember member, long now, int limit, bool agree = false)
    {
        lock (_lock)
        {
            bool known = _members.TryGetValue(member.ClientId, out GroupMember? before);
            if (IsClosed || (!known && _members.Count >= limit))
            {
                return null;
            }

            IReadOnlyList<GroupSubscription> wantedBefore = before?.Subscriptions ?? [];
            if (agree && _counts.FirstConflict(member.Subscriptions, wantedBefore) is { } conflict)
            {
                member.Refused = $"the subscription of {member.ClientId} to topic {conflict.Topic} ({conflict.Wanted}) differs from that of the other members of group {Name}";
                return null;
            }

            member.RenewedAt = now;
            _members[member.ClientId] = member;
            Disconnect(before);
            _connections[member.ConnectionKey] = member;
            _counts.Replace(wantedBefore, member.Subscriptions);
            Model = member.Model;
            bool changed = Subscribe(member.Subscriptions);
            if (!known)
            {
                ListClientIds();
            }

            // A client that comes back on another connection is a change too: it looks at its queues again.
            return changed || !known || !ReferenceEquals(before!.ConnectionKey, member.ConnectionKey);
        }
    }

    /// <summary>Removes a member if it is the one of that id; whether it was.</summary>
    public bool Leave(GroupMember member)
    {
        lock (_lock)
        {
            return _members.TryGetValue(member.ClientId, out GroupMember? present)
                && ReferenceEquals(present, member)
                && Remove(member.ClientId);
        }
    }

    /// <summary>Removes the member of a client id whatever its connection; whether it was there.</summary>
    public bool Leave(string clientId)
    {
        lock (_lock)
        {
            return Remove(clientId);
        }
    }

    /// <summary>Removes the members of a connection; how many.</summary>
    public int LeaveConnection(object connectionKey) =>
        RemoveWhere(member => ReferenceEquals(member.ConnectionKey, connectionKey));

    /// <summary>Removes members that did not renew since then; how many.</summary>
    public int Expire(long before) => RemoveWhere(member => member.Expires && member.RenewedAt < before);

    private int RemoveWhere(Func<GroupMember, bool> condition)
    {
        lock (_lock)
        {
            string[] gone = [.. _members.Values.Where(condition).Select(static member => member.ClientId)];
            foreach (string clientId in gone)
            {
                Remove(clientId);
            }

            return gone.Length;
        }
    }

    private bool Remove(string clientId)
    {
        if (!_members.Remove(clientId, out GroupMember? gone))
        {
            return false;
        }

        _counts.Replace(gone.Subscriptions, []);
        Disconnect(gone);

        IsClosed = _members.Count == 0;
        ListClientIds();
        return true;
    }

    private void Disconnect(GroupMember? member)
    {
        if (member is not null && ReferenceEquals(_connections.GetValueOrDefault(member.ConnectionKey), member))
        {
            _connections.Remove(member.ConnectionKey);
        }
    }

    private void ListClientIds()
    {
        string[] clientIds = [.. _members.Keys];
        Array.Sort(clientIds, StringComparer.Ordinal);
        _clientIds = clientIds;
    }

    // The newest version of a topic's expression wins, whoever says it; topics that no heartbeat names any more go.
    private bool Subscribe(IReadOnlyList<GroupSubscription> subscriptions)
    {
        bool changed = false;
        foreach (GroupSubscription subscription in subscriptions)
        {
            GroupSubscription? before = _subscriptions.GetValueOrDefault(subscription.Topic);
            changed |= before is null;
            if (before is null || subscription.Version > before.Version)
            {
                _subscriptions[subscription.Topic] = subscription;
            }
        }

        foreach (string topic in _subscriptions.Keys)
        {
            if (!_members.Values.Any(member => member.Subscriptions.Any(subscription => subscription.Topic == topic)))
            {
                changed |= _subscriptions.TryRemove(topic, out _);
            }
        }

        return changed;
    }
}
