namespace ProtoBridgeMQ.Client.Groups;

/// <summary>
/// RocketMQ's default way to share queues: members and queues in order, each member a run of neighbours, the first
/// ones one queue more when it does not come out even. Every member computes it alone, so all must compute the same.
/// </summary>
internal static class AverageAllocation
{
    /// <summary>The queues of one member.</summary>
    /// <param name="clientId">The member.</param>
    /// <param name="queues">All queues of the topic, in order.</param>
    /// <param name="clientIds">All members, in any order.</param>
    /// <returns>Nothing when the member is not among them.</returns>
    public static ReadOnlySpan<MessageQueue> Allocate(string clientId, ReadOnlySpan<MessageQueue> queues, IReadOnlyCollection<string> clientIds)
    {
        string[] members = [.. clientIds.Distinct(StringComparer.Ordinal)];
        Array.Sort(members, StringComparer.Ordinal);
        int index = Array.IndexOf(members, clientId);
        if (index < 0)
        {
            return default;
        }

        (int each, int rest) = Math.DivRem(queues.Length, members.Length);
        int start = (index * each) + Math.Min(index, rest);
        return queues.Slice(start, each + (index < rest ? 1 : 0));
    }
}
