using System.Collections.Frozen;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>How many members of a group want what of each topic: to see whether they all want the same.</summary>
/// <remarks>Changes happen under the lock of the group; <see cref="Differ"/> may be asked by anybody.</remarks>
internal sealed class SubscriptionCounts(string group, SubscriptionWatch watch)
{
    private const int MostShown = 3;
    private const int LongestShown = 120;

    private readonly Dictionary<string, Dictionary<string, int>> _topics = new(StringComparer.Ordinal);
    private volatile FrozenSet<string> _different = FrozenSet<string>.Empty;

    /// <summary>Whether members want different things of a topic.</summary>
    public bool Differ(string topic) => _different.Contains(topic);

    /// <summary>What members want of a topic, and how many; null when all want the same.</summary>
    public string? Describe(string topic) =>
        _topics.TryGetValue(topic, out Dictionary<string, int>? counts) && counts.Count > 1 ? Describe(counts) : null;

    /// <summary>The first subscription that is not what the others have; null when all are.</summary>
    public GroupSubscription? FirstConflict(IReadOnlyList<GroupSubscription> wanted, IReadOnlyList<GroupSubscription> before) => wanted.FirstOrDefault(
        subscription => _topics.TryGetValue(subscription.Topic, out Dictionary<string, int>? counts)
            && counts.Any(count => count.Key != subscription.Wanted
                && count.Value > before.Count(own => own.Topic == subscription.Topic && own.Wanted == count.Key)));

    /// <summary>A member's subscriptions take the place of those that it had before.</summary>
    public void Replace(IReadOnlyList<GroupSubscription> before, IReadOnlyList<GroupSubscription> after)
    {
        if (IsSame(before, after))
        {
            return;
        }

        HashSet<string> changed = new(StringComparer.Ordinal);
        foreach (GroupSubscription subscription in after)
        {
            Add(subscription, 1, changed);
        }

        foreach (GroupSubscription subscription in before)
        {
            Add(subscription, -1, changed);
        }

        foreach (string topic in changed)
        {
            Tell(topic);
        }
    }

    private static bool IsSame(IReadOnlyList<GroupSubscription> before, IReadOnlyList<GroupSubscription> after)
    {
        for (int i = 0; i < before.Count && before.Count == after.Count; i++)
        {
            if (before[i].Topic != after[i].Topic || before[i].Expression != after[i].Expression || before[i].ExpressionType != after[i].ExpressionType)
            {
                return false;
            }
        }

        return before.Count == after.Count;
    }

    private static string Describe(Dictionary<string, int> counts)
    {
        IEnumerable<string> shown = counts.Take(MostShown).Select(static count =>
            $"{(count.Key.Length > LongestShown ? count.Key[..LongestShown] + "..." : count.Key)} ({count.Value})");
        return string.Join("; ", shown) + (counts.Count > MostShown ? "; ..." : string.Empty);
    }

    private void Add(GroupSubscription subscription, int change, HashSet<string> changed)
    {
        if (!_topics.TryGetValue(subscription.Topic, out Dictionary<string, int>? counts))
        {
            _topics.Add(subscription.Topic, counts = new Dictionary<string, int>(StringComparer.Ordinal));
        }

        string wanted = subscription.Wanted;
        int before = counts.GetValueOrDefault(wanted);
        if (before + change > 0)
        {
            counts[wanted] = before + change;
        }
        else
        {
            counts.Remove(wanted);
        }

        if (before == 0 || before + change <= 0)
        {
            changed.Add(subscription.Topic);
        }
    }

    private void Tell(string topic)
    {
        Dictionary<string, int> counts = _topics[topic];
        bool before = _different.Contains(topic);
        bool now = counts.Count > 1;
        if (counts.Count == 0)
        {
            _topics.Remove(topic);
        }

        if (now != before)
        {
            _different = now ? _different.Append(topic).ToFrozenSet(StringComparer.Ordinal) : _different.Where(other => other != topic).ToFrozenSet(StringComparer.Ordinal);
        }

        if (now)
        {
            watch.Different(group, topic, Describe(counts), isNew: !before);
        }
        else if (before)
        {
            watch.Same(group, topic);
        }
    }
}
