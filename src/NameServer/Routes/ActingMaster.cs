using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>
/// Lets the replica with the lowest id stand in for a master that is away: clients are told its address under the master's
/// id, for topics that may not be written there.
/// </summary>
internal static class ActingMaster
{
    private const long Master = 0;
    private const string MembershipTopic = "rmq_sys_SYNC_BROKER_MEMBER_";

    /// <summary>Changes a route of its own copy.</summary>
    public static void Apply(string topic, TopicRouteData route)
    {
        if (topic.StartsWith(MembershipTopic, StringComparison.Ordinal))
            return;
        foreach (var broker in route.Brokers)
        {
            if (broker.Addresses.Count == 0 || broker.Addresses.ContainsKey(Master) || !broker.EnableActingMaster)
                continue;
            if (route.Queues.Find(queue => queue.BrokerName == broker.BrokerName) is not { } queue || TopicRoutes.IsWritable(queue))
                continue;
            var (id, address) = broker.Addresses.First();
            broker.Addresses.Remove(id);
            broker.Addresses[Master] = address;
        }
    }
}
