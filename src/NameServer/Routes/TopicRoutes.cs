using System.Text.Json;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>Which broker has which queues of a topic. Guarded by the lock of <see cref="RouteTable"/>.</summary>
internal sealed class TopicRoutes
{
    private const int ReadPermission = 4;
    private const int WritePermission = 2;
    private const int UnitFlag = 1;
    private const int UnitSubscriptionFlag = 2;

    private readonly Dictionary<string, SortedDictionary<string, QueueData>> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, JsonElement>> _mappings = new(StringComparer.Ordinal);

    public int Count => _topics.Count;

    public IEnumerable<string> Names => _topics.Keys;

    /// <summary>The queues of a topic by broker, or null when nobody has it.</summary>
    public IReadOnlyDictionary<string, QueueData>? Find(string topic) => _topics.GetValueOrDefault(topic);

    public bool Has(string topic, string brokerName) => _topics.TryGetValue(topic, out var queues) && queues.ContainsKey(brokerName);

    /// <summary>How the queues of a static topic are mapped, by broker.</summary>
    public Dictionary<string, JsonElement>? MappingsOf(string topic) => _mappings.GetValueOrDefault(topic);

    public void Enter(string topic, QueueData queue)
    {
        if (!_topics.TryGetValue(topic, out var queues))
        {
            _topics[topic] = queues = new SortedDictionary<string, QueueData>(StringComparer.Ordinal);
            NameServerMetrics.Topics.Add(1);
        }
        queues[queue.BrokerName] = queue;
    }

    /// <summary>Keeps the mapping of a static topic that there is a route for.</summary>
    public void EnterMapping(string topic, string brokerName, JsonElement mapping)
    {
        if (!Has(topic, brokerName))
            return;
        if (!_mappings.TryGetValue(topic, out var brokers))
            _mappings[topic] = brokers = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        brokers[brokerName] = mapping;
    }

    public void Remove(string topic)
    {
        _mappings.Remove(topic);
        if (_topics.Remove(topic))
            NameServerMetrics.Topics.Add(-1);
    }

    public void Remove(string topic, string brokerName)
    {
        if (!_topics.TryGetValue(topic, out var queues) || !queues.Remove(brokerName))
            return;
        if (_mappings.TryGetValue(topic, out var mappings))
            mappings.Remove(brokerName);
        if (queues.Count == 0)
            Remove(topic);
    }

    /// <summary>Takes a broker out of all topics but those that are named.</summary>
    public void RemoveBroker(string brokerName, IReadOnlySet<string>? but = null)
    {
        foreach (var topic in _topics.Where(pair => pair.Value.ContainsKey(brokerName) && but?.Contains(pair.Key) != true).Select(static pair => pair.Key).ToList())
            Remove(topic, brokerName);
    }

    /// <summary>Forbids writing to all queues of a broker; answers how many topics it has.</summary>
    public int ForbidWriting(string brokerName) => Change(brokerName, static queue => queue with { Permission = queue.Permission & ~WritePermission });

    /// <summary>Allows reading and writing of all queues of a broker; answers how many topics it has.</summary>
    public int AllowWriting(string brokerName) => Change(brokerName, static queue => queue with { Permission = ReadPermission | WritePermission });

    /// <summary>Topics whose first broker says that they belong to a unit.</summary>
    public IEnumerable<string> OfUnits() => WithFlags(static flags => (flags & UnitFlag) != 0);

    /// <summary>Topics whose first broker says that units subscribe to them.</summary>
    public IEnumerable<string> WithUnitSubscriptions() => WithFlags(static flags => (flags & UnitSubscriptionFlag) != 0);

    /// <summary>The same without those that belong to a unit.</summary>
    public IEnumerable<string> WithUnitSubscriptionsOutsideUnits() =>
        WithFlags(static flags => (flags & (UnitFlag | UnitSubscriptionFlag)) == UnitSubscriptionFlag);

    /// <summary>A permission without writing.</summary>
    public static int WithoutWriting(int permission) => permission & ~WritePermission;

    /// <summary>Whether a queue may be written.</summary>
    public static bool IsWritable(QueueData queue) => (queue.Permission & WritePermission) != 0;

    private int Change(string brokerName, Func<QueueData, QueueData> change)
    {
        var changed = 0;
        foreach (var queues in _topics.Values)
        {
            if (!queues.TryGetValue(brokerName, out var queue))
                continue;
            queues[brokerName] = change(queue);
            changed++;
        }
        return changed;
    }

    private IEnumerable<string> WithFlags(Func<int, bool> wanted) =>
        _topics.Where(pair => wanted(pair.Value.First().Value.TopicSystemFlag)).Select(static pair => pair.Key);
}
