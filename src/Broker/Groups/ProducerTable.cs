namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>Producers as their heartbeats name them, by group and client id.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class ProducerTable(BrokerOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProducerGroup> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ProducerMember>> _clients = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds or renews a producer; false when there are too many.</summary>
    public bool Renew(ProducerMember member)
    {
        lock (_lock)
        {
            if (_groups.TryGetValue(member.Group, out ProducerGroup? group) && group.Find(member.ClientId) is { } known)
            {
                _clients[member.ClientId].Remove(known);
            }
            else if (_count >= options.MaxClients)
            {
                return false;
            }
            else
            {
                _count++;
            }

            if (group is null)
            {
                _groups.Add(member.Group, group = new ProducerGroup());
            }

            group.Put(member, time.GetTimestamp());
            if (!_clients.TryGetValue(member.ClientId, out List<ProducerMember>? roles))
            {
                _clients.Add(member.ClientId, roles = []);
            }

            roles.Add(member);
            return true;
        }
    }

    /// <summary>Removes a producer.</summary>
    public void Remove(string group, string clientId)
    {
        lock (_lock)
        {
            if (_groups.TryGetValue(group, out ProducerGroup? found) && found.Find(clientId) is { } member)
            {
                Remove(found, member);
            }
        }
    }

    /// <summary>Removes the producers of a connection in these groups.</summary>
    public void RemoveConnection(object connectionKey, IEnumerable<(string Group, string ClientId)> names)
    {
        lock (_lock)
        {
            foreach ((string group, string clientId) in names)
            {
                if (_groups.TryGetValue(group, out ProducerGroup? found)
                    && found.Find(clientId) is { } member
                    && ReferenceEquals(member.ConnectionKey, connectionKey))
                {
                    Remove(found, member);
                }
            }
        }
    }

    /// <summary>Removes producers whose heartbeats stopped.</summary>
    public void Expire()
    {
        lock (_lock)
        {
            foreach (ProducerGroup group in _groups.Values.ToArray())
            {
                foreach (ProducerMember member in group.Silent(renewedAt => time.GetElapsedTime(renewedAt) > options.ClientExpiry))
                {
                    Remove(group, member);
                }
            }
        }
    }

    /// <summary>The members of a group, or of all groups.</summary>
    public IReadOnlyList<ProducerMember> Members(string? group)
    {
        lock (_lock)
        {
            return group is null ? [.. _groups.Values.SelectMany(static found => found.Members)]
                : _groups.TryGetValue(group, out ProducerGroup? found) ? [.. found.Members] : [];
        }
    }

    /// <summary>Whether the group has a member.</summary>
    public bool HasMembers(string group)
    {
        lock (_lock)
        {
            return _groups.ContainsKey(group);
        }
    }

    /// <summary>A client by its id, in whichever group; null when it is no producer here.</summary>
    public ProducerMember? FindClient(string clientId)
    {
        lock (_lock)
        {
            return _clients.TryGetValue(clientId, out List<ProducerMember>? roles) ? roles[^1] : null;
        }
    }

    /// <summary>The members of a group, another one first each time.</summary>
    public IReadOnlyList<ProducerMember> InTurn(string group)
    {
        lock (_lock)
        {
            return _groups.TryGetValue(group, out ProducerGroup? found) ? found.InTurn() : [];
        }
    }

    private void Remove(ProducerGroup group, ProducerMember member)
    {
        group.Remove(member.ClientId);
        _count--;
        if (group.IsEmpty)
        {
            _groups.Remove(member.Group);
        }

        List<ProducerMember> roles = _clients[member.ClientId];
        roles.Remove(member);
        if (roles.Count == 0)
        {
            _clients.Remove(member.ClientId);
        }
    }
}
