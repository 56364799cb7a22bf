using System.IO.Enumeration;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Retention;

namespace ProtoBridgeMQ.Broker.Retention;

/// <summary>
/// Groups whose unread messages are never deleted: those with the attribute <c>protected=true</c>, and those that the
/// patterns of <see cref="BrokerOptions.ProtectedGroups"/> name. A guard for each topic that such a group has progress in, for
/// each pair of topic and group that is named without a <c>*</c>, progress or not, and for each queue of which such a group has
/// popped messages and not settled them: they may come back.
/// </summary>
internal sealed class ProtectedGroups : IRetentionGuardSource
{
    private readonly MessageStore _store;
    private readonly OffsetTable _offsets;
    private readonly SubscriptionGroupTable _groups;
    private readonly TopicTable _topics;
    private readonly PopConsumers _pops;
    private readonly (string Topic, string Group)[] _patterns;

    public ProtectedGroups(string patterns, MessageStore store, BrokerTables tables, PopConsumers pops)
    {
        _store = store;
        _pops = pops;
        _offsets = tables.Offsets;
        _groups = tables.Settings;
        _topics = tables.Topics;
        _patterns = [.. patterns.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static pattern =>
        {
            int colon = pattern.LastIndexOf(':');
            return colon < 0 ? ("*", pattern) : (pattern[..colon], pattern[(colon + 1)..]);
        })];
    }

    /// <inheritdoc/>
    public IEnumerable<IRetentionGuard> Guards
    {
        get
        {
            HashSet<string> marked = [.. _groups.All().Where(static group => group.IsProtected).Select(static group => group.Name)];
            if (marked.Count == 0 && _patterns.Length == 0)
            {
                return [];
            }

            bool IsWanted(string topic, string group) => IsProtected(marked, topic, group);
            return WithRetries([.. _offsets.Pairs(IsWanted), .. _patterns.Where(IsNamed)])
                .Select(pair => new Guard(pair.Topic, pair.Group, LowestNeeded(pair.Topic, pair.Group)))
                .Concat(_pops.Open(IsWanted).Select(open => new Guard(open.Topic, open.Group, LowestNeeded(open.Topic, open.QueueId, open.Offset))));
        }
    }

    /// <summary>A message may have come back to a group that read nothing in its retry topic so far.</summary>
    private HashSet<(string Topic, string Group)> WithRetries(IReadOnlyCollection<(string Topic, string Group)> pairs)
    {
        HashSet<(string Topic, string Group)> all = [.. pairs];
        foreach ((string topic, string group) in pairs)
        {
            foreach (string retry in (ReadOnlySpan<string>)[TopicName.RetryPrefix + group, PopNames.Retry(topic, group, isV2: false), PopNames.Retry(topic, group, isV2: true)])
            {
                if (_topics.Find(retry) is not null)
                {
                    all.Add((retry, group));
                }
            }
        }

        return all;
    }

    private bool IsProtected(HashSet<string> marked, string topic, string group)
    {
        if (marked.Contains(group))
        {
            return true;
        }

        string normal = PopNames.Normal(topic, group);
        foreach ((string topicPattern, string groupPattern) in _patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(groupPattern, group, ignoreCase: false)
                && (FileSystemName.MatchesSimpleExpression(topicPattern, normal, ignoreCase: false) || topic == TopicName.RetryPrefix + group))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsNamed((string Topic, string Group) pattern) => !pattern.Topic.AsSpan().ContainsAny('*', '?') && !pattern.Group.AsSpan().ContainsAny('*', '?');

    // A queue of the topic that the group has no progress in has not been read at all.
    private long LowestNeeded(string topic, string group)
    {
        long lowest = long.MaxValue;
        int queues = _topics.Find(topic)?.ReadQueues ?? 0;
        for (int queueId = 0; queueId < queues; queueId++)
        {
            lowest = Math.Min(lowest, LowestNeeded(topic, queueId, _offsets.Query(group, topic, queueId)));
        }

        return lowest;
    }

    private long LowestNeeded(string topic, int queueId, long offset) =>
        _store.TryGetQueue(topic, queueId, out ConsumeQueue? queue) ? Unread.PhysicalOffset(queue, offset) : long.MaxValue;

    private sealed class Guard(string topic, string group, long lowest) : IRetentionGuard
    {
        public string Name => $"group {group} of topic {topic}";

        public long LowestNeeded => lowest;

        public bool Reads(string name) => name == topic;
    }
}

/// <summary>Where what is unread of a queue begins in the log.</summary>
internal static class Unread
{
    /// <summary>Physical offset of the first message at or after a queue offset; <see cref="long.MaxValue"/> without one.</summary>
    public static long PhysicalOffset(ConsumeQueue queue, long offset)
    {
        for (long next = Math.Max(offset, queue.MinOffset); queue.TryReadEntry(next, out QueueEntry entry); next++)
        {
            if (!entry.IsFiller)
            {
                return entry.PhysicalOffset;
            }
        }

        return long.MaxValue;
    }
}
