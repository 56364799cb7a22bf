using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>Leaves a client the brokers of its own zone, and those of any zone that have no master.</summary>
internal static class ZoneFilter
{
    private const long Master = 0;

    /// <summary>Changes a route of its own copy.</summary>
    public static void Apply(string zone, TopicRouteData route)
    {
        var gone = route.Brokers
            .Where(broker => broker.Addresses.ContainsKey(Master) && !string.Equals(broker.ZoneName, zone, StringComparison.OrdinalIgnoreCase))
            .ToList();
        foreach (var broker in gone)
        {
            route.Brokers.Remove(broker);
            route.Queues.RemoveAll(queue => queue.BrokerName == broker.BrokerName);
            foreach (var address in broker.Addresses.Values)
                route.FilterServers?.Remove(address);
        }
    }
}
