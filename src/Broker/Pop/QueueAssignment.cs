namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Which queues a member of a group reads: the strategies that RocketMQ's broker knows.</summary>
public static class QueueAssignment
{
    /// <summary>Stretches of queues, the first members have one more.</summary>
    public const string Average = "AVG";

    /// <summary>Queues in turn.</summary>
    public const string Circle = "AVG_BY_CIRCLE";

    /// <summary>Whether a strategy is known.</summary>
    public static bool IsKnown(string? strategy) => strategy is Average or Circle;

    /// <summary>The queues of a member that pulls; none for one who is no member.</summary>
    /// <param name="strategy">One that is known.</param>
    /// <param name="clientId">The member.</param>
    /// <param name="queues">All queues, in order.</param>
    /// <param name="members">All members, in order.</param>
    public static List<T> ForPull<T>(string strategy, string clientId, IReadOnlyList<T> queues, IReadOnlyList<string> members)
    {
        var mine = new List<T>();
        int index = IndexOf(members, clientId);
        if (index < 0 || queues.Count == 0)
        {
            return mine;
        }

        if (strategy == Circle)
        {
            for (int i = index; i < queues.Count; i += members.Count)
            {
                mine.Add(queues[i]);
            }

            return mine;
        }

        int left = queues.Count % members.Count;
        int each = queues.Count / members.Count;
        int first = (index * each) + Math.Min(index, left);
        for (int i = first; i < first + each + (index < left ? 1 : 0); i++)
        {
            mine.Add(queues[i]);
        }

        return mine;
    }

    /// <summary>
    /// The queues of a member that pops: its own and those of the next members; null when it pops all queues.
    /// </summary>
    public static List<T>? ForPop<T>(string strategy, string clientId, IReadOnlyList<T> queues, IReadOnlyList<string> members, int shareQueues)
    {
        if (shareQueues <= 0 || shareQueues >= members.Count - 1)
        {
            return null;
        }

        int index = IndexOf(members, clientId);
        if (members.Count > queues.Count)
        {
            return index < 0 || queues.Count == 0 ? [] : [queues[index % queues.Count]];
        }

        List<T> mine = ForPull(strategy, clientId, queues, members);
        for (int i = 1; i <= shareQueues && index >= 0; i++)
        {
            mine.AddRange(ForPull(strategy, members[(index + i) % members.Count], queues, members));
        }

        return mine;
    }

    private static int IndexOf(IReadOnlyList<string> members, string clientId)
    {
        for (int i = 0; i < members.Count; i++)
        {
            if (members[i] == clientId)
            {
                return i;
            }
        }

        return -1;
    }
}
