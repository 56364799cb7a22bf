using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>Producers as their heartbeats name them, by group and client id.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class ProducerTable(BrokerOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Group, string ClientId), Producer> _producers = new();

    /// <summary>How many there are.</summary>
    public int Count => _producers.Count;

    /// <summary>Adds or renews a producer; false when there are too many.</summary>
    public bool Renew(string group, string clientId, object connectionKey)
    {
        var key = (group, clientId);
        if (!_producers.ContainsKey(key) && _producers.Count >= options.MaxClients)
        {
            return false;
        }

        _producers[key] = new Producer(connectionKey, time.GetTimestamp());
        return true;
    }

    /// <summary>Removes a producer.</summary>
    public void Remove(string group, string clientId) => _producers.TryRemove((group, clientId), out _);

    /// <summary>Removes the producers of a connection in these groups.</summary>
    public void RemoveConnection(object connectionKey, IEnumerable<(string Group, string ClientId)> names)
    {
        foreach ((string, string) name in names)
        {
            if (_producers.TryGetValue(name, out Producer? producer) && ReferenceEquals(producer.ConnectionKey, connectionKey))
            {
                _producers.TryRemove(KeyValuePair.Create(name, producer));
            }
        }
    }

    /// <summary>Removes producers whose heartbeats stopped.</summary>
    public void Expire()
    {
        foreach (KeyValuePair<(string, string), Producer> entry in _producers)
        {
            if (time.GetElapsedTime(entry.Value.RenewedAt) > options.ClientExpiry)
            {
                _producers.TryRemove(entry);
            }
        }
    }

    private sealed record Producer(object ConnectionKey, long RenewedAt);
}
