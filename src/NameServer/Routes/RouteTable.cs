using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>
/// Which brokers there are and which topics they have. A broker is kept while it registers or sends heartbeats in time
/// and its connection stays open; a topic is kept while any broker has it.
/// </summary>
public sealed class RouteTable(IOptions<NameServerOptions> options, LiveSettings settings, TimeProvider time, ILogger<RouteTable> logger)
{
    private const long Master = 0;

    private readonly Lock _lock = new();
    private readonly NameServerOptions _options = options.Value;
    private readonly Dictionary<(string Cluster, string Address), BrokerLease> _leases = [];
    private readonly Dictionary<string, BrokerData> _brokers = new(StringComparer.Ordinal);
    private readonly TopicRoutes _topics = new();

    /// <summary>Raised, outside any lock, when a broker set has another lowest id and its brokers are to be told.</summary>
    public event Action<MinBrokerIdChange>? MinBrokerIdChanged;

    /// <summary>Takes or renews a registration.</summary>
    /// <param name="registration">What the broker says.</param>
    /// <param name="connection">What identifies its connection to <see cref="RemoveByConnection"/>.</param>
    /// <exception cref="RemotingException">A limit is reached, or one topic is registered for a broker that is not.</exception>
    public RegistrationResult Register(BrokerRegistration registration, object? connection)
    {
        MinBrokerIdChange? change;
        RegistrationResult result;
        lock (_lock)
            result = Enter(registration, connection, out change);
        Tell(change);
        return result;
    }

    /// <summary>Removes a broker that says it leaves.</summary>
    public void Unregister(string cluster, string address, string brokerName)
    {
        MinBrokerIdChange? change = null;
        lock (_lock)
        {
            if (_leases.TryGetValue((cluster, address), out var lease) && lease.Name == brokerName)
                change = Remove(lease, "it unregistered");
        }
        Tell(change);
    }

    /// <summary>Removes the brokers that registered on a connection that has closed.</summary>
    public void RemoveByConnection(object connection) => Evict(lease => ReferenceEquals(lease.Connection, connection), "its connection closed");

    /// <summary>Removes the brokers that were silent for too long, and closes their connections: they register again on another.</summary>
    public void RemoveSilent()
    {
        foreach (var lease in Evict(lease => time.GetElapsedTime(lease.LastSeen) > lease.Timeout, "it was silent for too long"))
            (lease.Connection as RemotingConnection)?.Abort("the broker was silent for too long");
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
        var route = new TopicRouteData();
        lock (_lock)
        {
            if (_topics.Find(topic) is not { } queues)
                return null;
            foreach (var (brokerName, queue) in queues)
            {
                if (!_brokers.TryGetValue(brokerName, out var broker))
                    continue;
                route.Queues.Add(queue);
                route.Brokers.Add(Copy(broker));
                AddFilterServers(broker, route);
            }
            route.QueueMappings = _topics.MappingsOf(topic) is { } mappings ? new Dictionary<string, JsonElement>(mappings) : null;
        }
        if (route.Brokers.Count == 0)
            return null;
        if (settings.Values.SupportActingMaster)
            ActingMaster.Apply(topic, route);
        return route;
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

    /// <summary>The addresses of a broker set; none when nobody knows it.</summary>
    public BrokerMemberGroup GetMembers(string cluster, string brokerName)
    {
        lock (_lock)
        {
            var members = new BrokerMemberGroup { Cluster = cluster, BrokerName = brokerName };
            if (_brokers.TryGetValue(brokerName, out var broker))
                members.Addresses = new SortedDictionary<long, string>(broker.Addresses);
            return members;
        }
    }

    /// <summary>All topics.</summary>
    public TopicList GetTopics()
    {
        lock (_lock)
            return new TopicList { Topics = [.. _topics.Names] };
    }

    /// <summary>The topics that brokers of a cluster have.</summary>
    public TopicList GetTopicsOf(string cluster)
    {
        lock (_lock)
        {
            var names = _brokers.Values.Where(broker => broker.Cluster == cluster).Select(static broker => broker.BrokerName).ToList();
            return new TopicList { Topics = [.. _topics.Names.Where(topic => names.Exists(name => _topics.Has(topic, name)))] };
        }
    }

    /// <summary>What every broker has a topic of: the names of clusters and brokers; with the address of one broker.</summary>
    public TopicList GetSystemTopics()
    {
        lock (_lock)
        {
            var topics = new TopicList { BrokerAddress = _brokers.Values.FirstOrDefault()?.Addresses.First().Value };
            foreach (var cluster in _brokers.Values.GroupBy(static broker => broker.Cluster))
                topics.Topics.AddRange([cluster.Key, .. cluster.Select(static broker => broker.BrokerName)]);
            topics.Topics = [.. topics.Topics.Distinct(StringComparer.Ordinal)];
            return topics;
        }
    }

    /// <summary>Topics of units.</summary>
    public TopicList GetUnitTopics() => List(static topics => topics.OfUnits());

    /// <summary>Topics that units subscribe to.</summary>
    public TopicList GetTopicsWithUnitSubscriptions() => List(static topics => topics.WithUnitSubscriptions());

    /// <summary>Topics that units subscribe to and that belong to none.</summary>
    public TopicList GetTopicsWithUnitSubscriptionsOutsideUnits() => List(static topics => topics.WithUnitSubscriptionsOutsideUnits());

    /// <summary>Forbids writing to a broker in the routes of all its topics; answers how many it has.</summary>
    public int ForbidWriting(string brokerName)
    {
        lock (_lock)
            return _topics.ForbidWriting(brokerName);
    }

    /// <summary>Allows reading and writing in the routes of all topics of a broker; answers how many it has.</summary>
    public int AllowWriting(string brokerName)
    {
        lock (_lock)
            return _topics.AllowWriting(brokerName);
    }

    /// <summary>Adds the queues of one topic, unless one of them is of a broker that is not registered.</summary>
    /// <exception cref="RemotingException">The limit on topics is reached.</exception>
    public void EnterTopic(string topic, IReadOnlyList<QueueData> queues)
    {
        lock (_lock)
        {
            if (!queues.All(queue => _brokers.ContainsKey(queue.BrokerName)))
                return;
            if (queues.Count > 0 && _topics.Find(topic) is null && _topics.Count >= _options.MaxTopics)
                throw TooManyTopics();
            foreach (var queue in queues)
                _topics.Enter(topic, queue);
        }
    }

    /// <summary>Takes a topic out of the routes, of one cluster or of all.</summary>
    public void DeleteTopic(string topic, string? cluster)
    {
        lock (_lock)
        {
            if (string.IsNullOrEmpty(cluster))
                _topics.Remove(topic);
            foreach (var broker in _brokers.Values.Where(broker => broker.Cluster == cluster))
                _topics.Remove(topic, broker.BrokerName);
        }
    }

    private TopicList List(Func<TopicRoutes, IEnumerable<string>> which)
    {
        lock (_lock)
            return new TopicList { Topics = [.. which(_topics)] };
    }

    private RegistrationResult Enter(BrokerRegistration registration, object? connection, out MinBrokerIdChange? change)
    {
        change = null;
        var key = (registration.Cluster, registration.Address);
        var known = _leases.GetValueOrDefault(key);
        if (known is null && _leases.Count >= _options.MaxBrokers)
            throw new RemotingException(ResponseCode.SystemBusy, $"{_options.MaxBrokers} brokers are registered already");
        if (IsStale(registration))
        {
            NameServerLog.Stale(logger, registration.Name, registration.Address);
            NameServerMetrics.StaleRegistrations.Add(1);
            if (known is not null)
                change = Remove(known, "another of its id has a newer state");
            return default;
        }
        if (known is not null && known.Name != registration.Name)
        {
            change = Remove(known, "it registers under another name");
            known = null;
        }
        var before = _brokers.GetValueOrDefault(registration.Name);
        // One topic alone is a change of what was registered before.
        if (registration.Topics.Topics.Count == 1 && before?.Addresses.ContainsKey(registration.Id) != true)
            throw new RemotingException("register broker failed");
        RefuseTooManyTopics(registration);
        var isLower = before is { Addresses.Count: > 0 } && registration.Id < before.Addresses.First().Key;
        var broker = EnterBroker(registration);
        if (IsFirstOfSet(registration, broker))
            EnterTopics(registration, known?.Version);
        Renew(key, registration, connection, known);
        if (isLower)
            change = ChangeOf(broker, null, registration.HaAddress);
        return registration.Id == Master ? default : MasterOf(broker);
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
        var added = registration.Topics.Topics.Values.Count(topic => _topics.Find(topic.TopicName) is null);
        if (added > 0 && _topics.Count + added > _options.MaxTopics)
            throw TooManyTopics();
    }

    private RemotingException TooManyTopics()
    {
        NameServerMetrics.RefusedTopics.Add(1);
        return new RemotingException(ResponseCode.SystemBusy, $"more than {_options.MaxTopics} topics cannot be registered");
    }

    private BrokerData EnterBroker(BrokerRegistration registration)
    {
        if (!_brokers.TryGetValue(registration.Name, out var broker))
        {
            broker = new BrokerData { BrokerName = registration.Name, Cluster = registration.Cluster };
            _brokers[registration.Name] = broker;
        }
        broker.EnableActingMaster = registration.EnableActingMaster ?? false;
        broker.ZoneName = registration.Zone;
        // A replica that became master registers its address under another id: an address has one id.
        foreach (var other in broker.Addresses.Where(pair => pair.Value == registration.Address && pair.Key != registration.Id).ToList())
            broker.Addresses.Remove(other.Key);
        broker.Addresses[registration.Id] = registration.Address;
        return broker;
    }

    private static bool IsFirstOfSet(BrokerRegistration registration, BrokerData broker) =>
        registration.Id == Master
        || (registration.EnableActingMaster is not null && broker.Addresses.First().Key == registration.Id);

    private void EnterTopics(BrokerRegistration registration, DataVersion? knownVersion)
    {
        var table = registration.Topics;
        if (settings.Values.DeleteTopicWithBrokerRegistration && table.QueueMappings is not { Count: > 0 })
            _topics.RemoveBroker(registration.Name, table.Topics.Values.Select(static topic => topic.TopicName).ToHashSet(StringComparer.Ordinal));
        var unchanged = knownVersion == table.Version;
        var standsIn = registration.Id != Master && registration.EnableActingMaster == true;
        foreach (var topic in table.Topics.Values)
        {
            if (unchanged && _topics.Has(topic.TopicName, registration.Name))
                continue;
            _topics.Enter(topic.TopicName, new QueueData
            {
                BrokerName = registration.Name,
                Permission = standsIn ? TopicRoutes.WithoutWriting(topic.Permission) : topic.Permission,
                ReadQueues = topic.ReadQueues,
                WriteQueues = topic.WriteQueues,
                TopicSystemFlag = topic.SystemFlag,
            });
        }
        foreach (var (topic, mapping) in table.QueueMappings ?? [])
            _topics.EnterMapping(topic, registration.Name, mapping);
    }

    private void Renew((string Cluster, string Address) key, BrokerRegistration registration, object? connection, BrokerLease? known)
    {
        var timeout = registration.Timeout ?? _options.BrokerTimeout;
        if (timeout <= TimeSpan.Zero || timeout > _options.MaxBrokerTimeout)
            timeout = _options.MaxBrokerTimeout;
        var filterServers = registration.FilterServers ?? known?.FilterServers ?? [];
        _leases[key] = new BrokerLease(registration, timeout, connection, filterServers) { LastSeen = time.GetTimestamp() };
        NameServerMetrics.Registrations.Add(1);
        if (known is not null)
            return;
        NameServerMetrics.Brokers.Add(1);
        NameServerLog.Registered(logger, registration.Name, registration.Id, registration.Cluster, registration.Address);
    }

    private RegistrationResult MasterOf(BrokerData broker) =>
        broker.Addresses.TryGetValue(Master, out var address) && _leases.TryGetValue((broker.Cluster, address), out var master)
            ? new RegistrationResult(address, master.HaAddress)
            : default;

    private List<BrokerLease> Evict(Func<BrokerLease, bool> which, string reason)
    {
        var changes = new List<MinBrokerIdChange?>();
        List<BrokerLease> gone;
        lock (_lock)
        {
            gone = [.. _leases.Values.Where(which)];
            foreach (var lease in gone)
            {
                NameServerMetrics.Evictions.Add(1);
                changes.Add(Remove(lease, reason));
            }
        }
        changes.ForEach(Tell);
        return gone;
    }

    private MinBrokerIdChange? Remove(BrokerLease lease, string reason)
    {
        _leases.Remove((lease.Cluster, lease.Address));
        NameServerMetrics.Brokers.Add(-1);
        NameServerLog.Removed(logger, lease.Name, lease.Address, reason);
        if (!_brokers.TryGetValue(lease.Name, out var broker))
            return null;
        var hadLowest = broker.Addresses.First().Value == lease.Address;
        foreach (var pair in broker.Addresses.Where(pair => pair.Value == lease.Address).ToList())
            broker.Addresses.Remove(pair.Key);
        if (broker.Addresses.Count == 0)
        {
            _brokers.Remove(lease.Name);
            _topics.RemoveBroker(lease.Name);
            return null;
        }
        if (broker.EnableActingMaster && !broker.Addresses.ContainsKey(Master))
            _topics.ForbidWriting(lease.Name);
        return hadLowest && broker.EnableActingMaster ? ChangeOf(broker, lease.Address, null) : null;
    }

    // Those who remain when one went, those who were there before when one came.
    private static MinBrokerIdChange ChangeOf(BrokerData broker, string? offline, string? haAddress)
    {
        var (id, address) = broker.Addresses.First();
        var all = offline is not null || broker.Addresses.Count == 1;
        string[] told = [.. broker.Addresses.Where(pair => all || pair.Key != id).Select(static pair => pair.Value)];
        return new MinBrokerIdChange(broker.BrokerName, id, address, offline, haAddress, told);
    }

    private void Tell(MinBrokerIdChange? change)
    {
        if (change is not null && settings.Values.NotifyMinBrokerIdChanged)
            MinBrokerIdChanged?.Invoke(change);
    }

    private void AddFilterServers(BrokerData broker, TopicRouteData route)
    {
        foreach (var address in broker.Addresses.Values)
        {
            if (_leases.TryGetValue((broker.Cluster, address), out var lease) && lease.FilterServers.Count > 0)
                route.FilterServers![address] = [.. lease.FilterServers];
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
