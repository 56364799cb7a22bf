using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Client.Routing;

/// <summary>Turns the name server's answer into queues.</summary>
internal static class RouteReading
{
    private const int PermissionRead = 4;
    private const int PermissionWrite = 2;
    private const int MaxQueues = 65_536;

    public static TopicRoute Read(string topic, TopicRouteData data)
    {
        Dictionary<string, BrokerRoute> brokers = Brokers(data);
        return new TopicRoute(topic, [.. brokers.Values], WriteQueues(topic, data, brokers), ReadQueues(topic, data));
    }

    /// <summary>The route that a topic will have once a send has created it: where the template topic is, with so many queues.</summary>
    public static TopicRoute ReadTemplate(string topic, TopicRouteData template, int queues)
    {
        template.Queues =
        [
            .. template.Queues.Select(queue => queue with
            {
                ReadQueues = Math.Min(queues, queue.ReadQueues),
                WriteQueues = Math.Min(queues, queue.ReadQueues),
            }),
        ];
        template.OrderTopicConf = null;
        return Read(topic, template);
    }

    private static Dictionary<string, BrokerRoute> Brokers(TopicRouteData data)
    {
        var brokers = new Dictionary<string, BrokerRoute>(StringComparer.Ordinal);
        foreach (BrokerData broker in data.Brokers)
        {
            if (broker.Addresses.Count > 0)
            {
                brokers[broker.BrokerName] = new BrokerRoute(broker.BrokerName, broker.Cluster, broker.Addresses);
            }
        }

        return brokers;
    }

    private static MessageQueue[] WriteQueues(string topic, TopicRouteData data, Dictionary<string, BrokerRoute> brokers)
    {
        if (!string.IsNullOrEmpty(data.OrderTopicConf))
        {
            return OrderedQueues(topic, data.OrderTopicConf);
        }

        return Queues(
            topic,
            data.Queues
                .Where(queue => (queue.Permission & PermissionWrite) != 0
                    && brokers.TryGetValue(queue.BrokerName, out BrokerRoute? broker)
                    && broker.Addresses.ContainsKey(0))
                .Select(queue => (queue.BrokerName, queue.WriteQueues)));
    }

    private static MessageQueue[] ReadQueues(string topic, TopicRouteData data)
        => Queues(topic, data.Queues.Where(queue => (queue.Permission & PermissionRead) != 0).Select(queue => (queue.BrokerName, queue.ReadQueues)));

    /// <summary>An ordered topic names its queues: <c>broker:count;broker:count</c>.</summary>
    private static MessageQueue[] OrderedQueues(string topic, string conf)
    {
        var counts = new List<(string, int)>();
        foreach (string part in conf.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int colon = part.LastIndexOf(':');
            if (colon > 0 && int.TryParse(part.AsSpan(colon + 1), out int count))
            {
                counts.Add((part[..colon], count));
            }
        }

        return Queues(topic, counts);
    }

    private static MessageQueue[] Queues(string topic, IEnumerable<(string Broker, int Count)> counts)
    {
        var queues = new SortedSet<MessageQueue>();
        foreach ((string broker, int count) in counts)
        {
            // A name server that lies about counts must not cost any amount of memory.
            for (int i = 0; i < count && queues.Count < MaxQueues; i++)
            {
                queues.Add(new MessageQueue(topic, broker, i));
            }
        }

        return [.. queues];
    }
}
