using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>
/// Which brokers there are and which topics they have. A broker is kept while it registers or sends heartbeats in time
/// and its connection stays open; a topic is kept while any broker has it.
/// </summary>
public sealed class RouteTable(IOptions<NameServerOptions> options, TimeProvider time, ILogger<RouteTable> logger)
{
    private const int WritePermission = 2;

    private readonly Lock _lock = new();
    private readonly NameServerOptions _options = options.Value;
    private readonly Dictionary<(string Cluster, string Address), BrokerLease> _leases = [];
    private readonly Dictionary<string, BrokerData> _brokers = [];
    private readonly Dictionary<string, SortedDictionary<string, QueueData>> _topics = [];

    /// <summary>Takes or renews a registration.</summary>
    /// <param name="registration">What the broker says.</param>
    /// <param name="connection">What identifies its connection to <see cref="RemoveByConnection"/>.</param>
    /// <exception cref="RemotingException">A limit is reached.</exception>
    public RegistrationResult Register(BrokerRegistration registration, object? connection)
    {
        lock (_lock)
        {
            var key = (registration.Cluster, registration.Address);
            var known = _leases.GetValueOrDefault(key);
            if (known is null && _leases.Count >= _options.MaxBrokers)
                throw new RemotingException(ResponseCode.SystemBusy, $"{_options.MaxBrokers} brokers are registered already");
            if (IsStale(registration))
            {
                NameServerLog.Stale(logger, registration.Name, registration.Address);
                return default;
            }
            RefuseTooManyTopics(registration);
            var broker = EnterBroker(registration);
            if (IsFirstOfSet(registration, broker))
                EnterTopics(registration, known?.Version);
            Renew(key, registration, connection, known is null);
            return registration.Id == 0 ? default : MasterOf(broker);
        }
    }

    /// <summary>Removes a broker that says it leaves.</summary>
    public void Unregister(string cluster, string address, string brokerName)
    {
        lock (_lock)
        {
            if (_leases.TryGetValue((cluster, address), out var lease) && lease.Name == brokerName)
                Remove(lease, "it unregistered");
        }
    }

    /// <summary>Removes the brokers that registered on a connection that has closed.</summary>
    public void RemoveByConnection(object connection)
    {
        lock (_lock)
        {
            foreach (var lease in _leases.Values.Where(lease => ReferenceEquals(lease.Connection, connection)).ToList())
            {
                NameServerMetrics.Evictions.Add(1);
                Remove(lease, "its connection closed");
            }
        }
    }

    /// <summary>Removes the brokers that were silent for too long.</summary>
    public void RemoveSilent()
    {
        lock (_lock)
        {
            foreach (var lease in _leases.Values.Where(lease => time.GetElapsedTime(lease.LastSeen) > lease.Timeout).ToList())
            {
                NameServerMetrics.Evictions.Add(1);
                Remove(lease, "it was silent for too long");
            }
        }
    }

    /// <summary>Notes that a broker lives; false when it is not registered.</summary>
    public bool Touch(string cluster, string address)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue((cluster, address), out var lease))
                return false;
            lease.LastSeen = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>The version of the topics that a broker last registered, or null.</summary>
    public DataVersion? VersionOf(string cluster, string address)
    {
        lock (_lock)
            return _leases.GetValueOrDefault((cluster, address))?.Version;
    }

    /// <summary>Who has a topic, or null when nobody does.</summary>
    public TopicRouteData? FindRoute(string topic)
    {
        lock (_lock)
        {
            if (!_topics.TryGetValue(topic, out var queues))
                return null;
            var route = new TopicRouteData();
            foreach (var (brokerName, queue) in queues)
            {
                if (!_brokers.TryGetValue(brokerName, out var broker))
                    continue;
                route.Queues.Add(queue);
                route.Brokers.Add(Copy(broker));
            }
            return route.Brokers.Count == 0 ? null : route;
        }
    }

    /// <summary>All brokers.</summary>
    public ClusterInfo GetClusterInfo()
    {
        lock (_lock)
        {
            var info = new ClusterInfo();
            foreach (var (name, broker) in _brokers)
            {
                info.Brokers[name] = Copy(broker);
                if (!info.Clusters.TryGetValue(broker.Cluster, out var names))
                    info.Clusters[broker.Cluster] = names = [];
                names.Add(name);
            }
            return info;
        }
    }

    /// <summary>All topics.</summary>
    public TopicList GetTopics()
    {
        lock (_lock)
            return new TopicList { Topics = [.. _topics.Keys] };
    }

    // After a failover the old master may still register: the one with the newer term stays.
    private bool IsStale(BrokerRegistration registration) =>
        _brokers.TryGetValue(registration.Name, out var broker)
        && broker.Addresses.TryGetValue(registration.Id, out var address)
        && address != registration.Address
        && _leases.TryGetValue((registration.Cluster, address), out var holder)
        && holder.Version.StateVersion > registration.Topics.Version.StateVersion;

    // Before anything is entered, so that a refused broker leaves nothing behind.
    private void RefuseTooManyTopics(BrokerRegistration registration)
    {
        var added = registration.Topics.Topics.Values.Count(topic => !_topics.ContainsKey(topic.TopicName));
        if (added > 0 && _topics.Count + added > _options.MaxTopics)
            throw new RemotingException(ResponseCode.SystemBusy, $"more than {_options.MaxTopics} topics cannot be registered");
    }

    private BrokerData EnterBroker(BrokerRegistration registration)
    {
        if (!_brokers.TryGetValue(registration.Name, out var broker))
        {
            broker = new BrokerData { BrokerName = registration.Name };
            _brokers[registration.Name] = broker;
        }
        broker.Cluster = registration.Cluster;
        broker.EnableActingMaster = registration.EnableActingMaster ?? false;
        broker.ZoneName = registration.Zone;
        // A replica that became master registers its address under another id: an address has one id.
        foreach (var other in broker.Addresses.Where(pair => pair.Value == registration.Address && pair.Key != registration.Id).ToList())
            broker.Addresses.Remove(other.Key);
        broker.Addresses[registration.Id] = registration.Address;
        return broker;
    }

    private static bool IsFirstOfSet(BrokerRegistration registration, BrokerData broker) =>
        registration.Id == 0
        || (registration.EnableActingMaster is not null && broker.Addresses.First().Key == registration.Id);

    private void EnterTopics(BrokerRegistration registration, DataVersion? knownVersion)
    {
        var unchanged = knownVersion == registration.Topics.Version;
        foreach (var topic in registration.Topics.Topics.Values)
        {
            if (!_topics.TryGetValue(topic.TopicName, out var queues))
            {
                _topics[topic.TopicName] = queues = new SortedDictionary<string, QueueData>(StringComparer.Ordinal);
                NameServerMetrics.Topics.Add(1);
            }
            if (unchanged && queues.ContainsKey(registration.Name))
                continue;
            var standsIn = registration.Id != 0 && registration.EnableActingMaster == true;
            queues[registration.Name] = new QueueData
            {
                BrokerName = registration.Name,
                Permission = standsIn ? topic.Permission & ~WritePermission : topic.Permission,
                ReadQueues = topic.ReadQueues,
                WriteQueues = topic.WriteQueues,
                TopicSystemFlag = topic.SystemFlag,
            };
        }
    }

    private void Renew((string Cluster, string Address) key, BrokerRegistration registration, object? connection, bool isNew)
    {
        var timeout = registration.Timeout ?? _options.BrokerTimeout;
        if (timeout <= TimeSpan.Zero || timeout > _options.MaxBrokerTimeout)
            timeout = _options.MaxBrokerTimeout;
        _leases[key] = new BrokerLease(registration, timeout, connection) { LastSeen = time.GetTimestamp() };
        NameServerMetrics.Registrations.Add(1);
        if (!isNew)
            return;
        NameServerMetrics.Brokers.Add(1);
        NameServerLog.Registered(logger, registration.Name, registration.Id, registration.Cluster, registration.Address);
    }

    private RegistrationResult MasterOf(BrokerData broker) =>
        broker.Addresses.TryGetValue(0, out var address) && _leases.TryGetValue((broker.Cluster, address), out var master)
            ? new RegistrationResult(address, master.HaAddress)
            : default;

    private void Remove(BrokerLease lease, string reason)
    {
        _leases.Remove((lease.Cluster, lease.Address));
        NameServerMetrics.Brokers.Add(-1);
        NameServerLog.Removed(logger, lease.Name, lease.Address, reason);
        if (!_brokers.TryGetValue(lease.Name, out var broker))
            return;
        foreach (var pair in broker.Addresses.Where(pair => pair.Value == lease.Address).ToList())
            broker.Addresses.Remove(pair.Key);
        if (broker.Addresses.Count > 0)
        {
            if (broker.EnableActingMaster && !broker.Addresses.ContainsKey(0))
                ForbidWriting(lease.Name);
            return;
        }
        _brokers.Remove(lease.Name);
        RemoveTopicsOf(lease.Name);
    }

    private void ForbidWriting(string brokerName)
    {
        foreach (var queues in _topics.Values)
        {
            if (queues.TryGetValue(brokerName, out var queue))
                queues[brokerName] = queue with { Permission = queue.Permission & ~WritePermission };
        }
    }

    private void RemoveTopicsOf(string brokerName)
    {
        foreach (var (topic, queues) in _topics)
        {
            if (queues.Remove(brokerName) && queues.Count == 0)
            {
                _topics.Remove(topic);
                NameServerMetrics.Topics.Add(-1);
            }
        }
    }

    private static BrokerData Copy(BrokerData broker) => new()
    {
        Addresses = new SortedDictionary<long, string>(broker.Addresses),
        BrokerName = broker.BrokerName,
        Cluster = broker.Cluster,
        EnableActingMaster = broker.EnableActingMaster,
        ZoneName = broker.ZoneName,
    };
}
