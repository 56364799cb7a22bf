using System.Collections.Concurrent;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>
/// Expressions of groups other than by tags, kept over a restart as RocketMQ keeps them: one a group and topic, the newest
/// version; dead once the group is gone or wants the topic no more; forgotten some time after that.
/// </summary>
/// <remarks>Thread safe. Finding allocates nothing.</remarks>
public sealed partial class GroupFilters(BrokerOptions options, FilterCompiler compiler, TableFile file, TimeProvider time, ILogger<GroupFilters> logger)
{
    /// <summary>Groups that are found in the file are taken for dead since this time.</summary>
    private const int DeadSinceAtLoad = 30_000;

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, GroupFilter>> _groups = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _count;
    private bool _changed;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Reads the file.</summary>
    public void Load()
    {
        IReadOnlyList<GroupFilter> filters = file.Read(static text => GroupFilterFile.Parse(text)) ?? [];
        foreach (GroupFilter filter in filters)
        {
            IMessageFilter? compiled = compiler.Compile(filter.ExpressionType, filter.Expression, out _);
            long died = filter.DeadTime != 0 ? filter.DeadTime : Math.Max(filter.BornTime, Now - DeadSinceAtLoad);
            Put(filter with { Filter = compiled, DeadTime = died });
        }

        _changed = false;
    }

    /// <summary>The expression of a group for a topic, or null.</summary>
    public GroupFilter? Find(string topic, string group) =>
        _groups.TryGetValue(group, out ConcurrentDictionary<string, GroupFilter>? topics) ? topics.GetValueOrDefault(topic) : null;

    /// <summary>As above, with a topic from a record.</summary>
    public GroupFilter? Find(ReadOnlySpan<byte> topic, string group) =>
        _groups.TryGetValue(group, out ConcurrentDictionary<string, GroupFilter>? topics)
            && topics.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out GroupFilter? filter) ? filter : null;

    /// <summary>
    /// Takes what a member of a group says that it wants; expressions of topics that the group wants no more die. False when
    /// there is no room for one.
    /// </summary>
    public bool Register(string group, IReadOnlyList<GroupSubscription> subscriptions, Func<string, bool> isWanted)
    {
        bool ofTags = subscriptions.All(static subscription => FilterCompiler.IsTags(subscription.ExpressionType));
        if (ofTags && !_groups.ContainsKey(group))
        {
            return true;
        }

        bool room = true;
        lock (_lock)
        {
            foreach (GroupSubscription subscription in subscriptions)
            {
                room &= FilterCompiler.IsTags(subscription.ExpressionType) || Register(group, subscription);
            }

            Bury(group, topic => !isWanted(topic));
        }

        return room;
    }

    /// <summary>The group has no members any more.</summary>
    public void Unregister(string group)
    {
        if (_groups.ContainsKey(group))
        {
            lock (_lock)
            {
                Bury(group, static _ => true);
            }
        }
    }

    /// <summary>Forgets what is dead for long, and writes the file if anything changed; a failure is logged and tried again the next time.</summary>
    public void Flush()
    {
        List<GroupFilter> filters;
        lock (_lock)
        {
            Forget();
            if (!_changed)
            {
                return;
            }

            _changed = false;
            filters = [.. _groups.Values.SelectMany(static topics => topics.Values)];
        }

        try
        {
            file.Write(output => GroupFilterFile.Write(output, filters));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            lock (_lock)
            {
                _changed = true;
            }

            LogNotWritten(logger, file.Path, error.Message);
        }
    }

    private bool Register(string group, GroupSubscription subscription)
    {
        GroupFilter? old = Find(subscription.Topic, group);
        if (old is not null && subscription.Version <= old.ClientVersion)
        {
            if (subscription.Version == old.ClientVersion && old.IsDead)
            {
                Put(old with { DeadTime = 0 });
            }

            return true;
        }

        if (old is not null && old.Expression == subscription.Expression && old.ExpressionType == subscription.ExpressionType)
        {
            Put(old with { ClientVersion = subscription.Version, DeadTime = 0 });
            return true;
        }

        if (subscription.Refusal is not null)
        {
            // The group is told at its next pull that there is no filter.
            Remove(subscription.Topic, group);
            return true;
        }

        if (old is null && _count >= options.MaxGroupFilters)
        {
            return false;
        }

        Put(new GroupFilter
        {
            Topic = subscription.Topic,
            Group = group,
            ExpressionType = subscription.ExpressionType,
            Expression = subscription.Expression,
            ClientVersion = subscription.Version,
            BornTime = Now,
            Filter = subscription.Filter,
        });
        return true;
    }

    private void Bury(string group, Func<string, bool> condition)
    {
        if (_groups.TryGetValue(group, out ConcurrentDictionary<string, GroupFilter>? topics))
        {
            foreach (GroupFilter filter in topics.Values.Where(filter => !filter.IsDead && condition(filter.Topic)))
            {
                Put(filter with { DeadTime = Math.Max(Now, filter.BornTime) });
            }
        }
    }

    private void Forget()
    {
        long before = Now - (long)options.GroupFilterRetention.TotalMilliseconds;
        foreach (ConcurrentDictionary<string, GroupFilter> topics in _groups.Values)
        {
            foreach (GroupFilter filter in topics.Values.Where(filter => filter.IsDead && filter.DeadTime <= before))
            {
                Remove(filter.Topic, filter.Group);
            }
        }
    }

    private void Put(GroupFilter filter)
    {
        ConcurrentDictionary<string, GroupFilter> topics =
            _groups.GetOrAdd(filter.Group, static _ => new ConcurrentDictionary<string, GroupFilter>(NameComparer.Instance));
        _count += topics.ContainsKey(filter.Topic) ? 0 : 1;
        topics[filter.Topic] = filter;
        _changed = true;
    }

    private void Remove(string topic, string group)
    {
        if (_groups.TryGetValue(group, out ConcurrentDictionary<string, GroupFilter>? topics) && topics.TryRemove(topic, out _))
        {
            _count--;
            _changed = true;
            if (topics.IsEmpty)
            {
                _groups.TryRemove(group, out _);
            }
        }
    }

    [LoggerMessage(EventId = 4005, Level = LogLevel.Warning, Message = "Expressions of groups are not written to {Path}, it will be tried again: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string path, string reason);
}
