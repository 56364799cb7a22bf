using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>What a group's member is subscribed to: the union of its streams' topics, and for a while what nobody reads any more.</summary>
/// <remarks>Guarded by the gate of the deliveries; changed only while the consumer changes its membership.</remarks>
internal sealed class GroupTopics(string group, GroupOptions options, GroupDeliveries deliveries)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private bool _inForce = true;

    public IReadOnlyCollection<GroupSubscription> Subscriptions
    {
        get
        {
            lock (deliveries.Gate)
            {
                return [.. _entries.Select(entry => new GroupSubscription(entry.Key, entry.Value.Filter))];
            }
        }
    }

    /// <summary>Whether the member is subscribed to it.</summary>
    public bool Contains(string topic)
    {
        lock (deliveries.Gate)
        {
            return _entries.ContainsKey(topic);
        }
    }

    /// <summary>Adds a stream's topics; false when nothing changed for the member.</summary>
    /// <param name="stream">Who wants them.</param>
    /// <param name="topics">What it wants.</param>
    /// <param name="refiltered">Topics whose filter is another one now.</param>
    public bool TryAdd(GroupStream stream, TopicSelection topics, out List<string> refiltered)
    {
        lock (deliveries.Gate)
        {
            refiltered = [];
            if (topics.Names.Count(topic => !_entries.ContainsKey(topic)) + _entries.Count > options.MaxTopicsPerGroup)
            {
                throw new BridgeException(BridgeError.Busy, $"Group {group} may consume {options.MaxTopicsPerGroup} topics here.");
            }

            List<(string Topic, GroupFilter Filter)> wanted = [.. topics.Names.Select(topic => (topic, FindFilter(stream, topic)))];
            foreach ((string topic, GroupFilter filter) in wanted)
            {
                if (!_entries.TryGetValue(topic, out Entry? entry))
                {
                    _entries.Add(topic, new Entry(filter) { Start = stream.Start });
                    _inForce = false;
                }
                else if (entry.Filter.Text != filter.Text)
                {
                    _entries[topic] = new Entry(filter);
                    refiltered.Add(topic);
                    _inForce = false;
                }
            }

            return !_inForce;
        }
    }

    /// <summary>
    /// The member is subscribed: queues that come from now on are new ones, or were somebody else's. Either way
    /// nothing in them may be left out, so they begin at the oldest message unless there is saved progress.
    /// </summary>
    public void InForce()
    {
        lock (deliveries.Gate)
        {
            _inForce = true;
            foreach (Entry entry in _entries.Values)
            {
                entry.Start = GroupStart.Earliest;
            }
        }
    }

    public GroupStart StartOf(string topic)
    {
        lock (deliveries.Gate)
        {
            return _entries.TryGetValue(topic, out Entry? entry) ? entry.Start : GroupStart.Earliest;
        }
    }

    /// <summary>Whether some topic was not read by any stream for too long.</summary>
    public bool HasIdle(long now)
    {
        lock (deliveries.Gate)
        {
            bool idle = false;
            foreach ((string topic, Entry entry) in _entries)
            {
                if (IsRead(topic))
                {
                    entry.IdleSince = null;
                    continue;
                }

                entry.IdleSince ??= now;
                idle |= now - entry.IdleSince >= options.IdleTimeout.Ticks;
            }

            return idle;
        }
    }

    /// <summary>Drops topics that were idle for too long; false when there was none.</summary>
    public bool DropIdle(long now)
    {
        lock (deliveries.Gate)
        {
            List<string> idle = _entries
                .Where(entry => now - entry.Value.IdleSince >= options.IdleTimeout.Ticks && !IsRead(entry.Key))
                .Select(entry => entry.Key)
                .ToList();
            idle.ForEach(topic => _entries.Remove(topic));
            return idle.Count > 0;
        }
    }

    /// <summary>
    /// The filter that a stream brings to a topic; one that differs from the other streams' is refused. Filters on names
    /// change with the mapping rules, of all streams alike: what counts is what they say now.
    /// </summary>
    private GroupFilter FindFilter(GroupStream stream, string topic)
    {
        List<GroupStream> others = deliveries.Streams.FindAll(other => other != stream && other.Selection.Contains(topic));
        GroupFilter? inForce = others.Count > 0 && _entries.TryGetValue(topic, out Entry? entry) ? entry.Filter : null;
        GroupStream? speaker = others.Find(other => !other.TakesAnyFilter);
        GroupFilter? theirs = speaker?.FilterOf(topic, null) ?? (stream.Selection.Contains(topic) && deliveries.Streams.Contains(stream) ? null : inForce);
        GroupFilter wanted = stream.FilterOf(topic, theirs ?? inForce);
        return theirs is null || theirs.Text == wanted.Text
            ? wanted
            : throw new BridgeException(
                BridgeError.FilterInvalid,
                $"Group {group} is consuming topic {topic} with the filter {theirs.Text}, and not {wanted.Text}; all members of a group use one filter for a topic.");
    }

    private bool IsRead(string topic)
    {
        foreach (GroupStream stream in deliveries.Streams)
        {
            if (stream.Selection.Contains(topic))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Entry(GroupFilter filter)
    {
        public GroupFilter Filter { get; } = filter;

        public GroupStart Start { get; set; } = GroupStart.Earliest;

        public long? IdleSince { get; set; }
    }
}
