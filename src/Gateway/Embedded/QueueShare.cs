namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// Which queues of a topic a member gets: the even split over sorted client ids that RocketMQ's members make
/// each for itself, so that gateway and native members agree without talking.
/// </summary>
internal static class QueueShare
{
    /// <summary>A member's queues: <c>count</c> of them from <c>first</c>.</summary>
    public static (int First, int Count) Of(string clientId, IReadOnlyList<string> sortedClientIds, int queues)
    {
        int index = -1;
        for (int i = 0; i < sortedClientIds.Count && index < 0; i++)
        {
            if (string.Equals(sortedClientIds[i], clientId, StringComparison.Ordinal))
            {
                index = i;
            }
        }

        if (index < 0 || queues <= 0)
        {
            return (0, 0);
        }

        int members = sortedClientIds.Count;
        int each = queues / members;
        int more = queues % members;
        // The first members get one more until it comes out even.
        return index < more ? (index * (each + 1), each + 1) : ((index * each) + more, each);
    }
}
