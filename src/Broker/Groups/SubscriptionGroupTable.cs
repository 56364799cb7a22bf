using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>The settings of consumer groups, in memory and in <c>config/subscriptionGroup.json</c>.</summary>
public sealed class SubscriptionGroupTable
{
    /// <summary>Groups that every broker has.</summary>
    private static readonly string[] SystemGroups =
    [
        "TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PULL",
        "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER", "CID_RMQ_SYS_TRANS",
    ];

    private readonly ConcurrentDictionary<string, SubscriptionGroup> _groups = new(NameComparer.Instance);
    private readonly ConcurrentDictionary<string, SubscriptionGroup>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;
    private readonly Lock _lock = new();
    private readonly BrokerOptions _options;
    private readonly TableFile _file;
    private readonly TimeProvider _time;
    private readonly KeptFields _kept = KeptFields.None;

    /// <summary>Reads the file and adds the system's groups.</summary>
    public SubscriptionGroupTable(BrokerOptions options, TableFile file, TimeProvider time)
    {
        _byBytes = _groups.GetAlternateLookup<ReadOnlySpan<byte>>();
        _options = options;
        _file = file;
        _time = time;
        if (file.Read(static text => SubscriptionGroupFile.Parse(text)) is { } saved)
        {
            Version = saved.Version;
            _kept = saved.Kept;
            foreach (SubscriptionGroup group in saved.Groups)
            {
                _groups[group.Name] = group;
            }
        }

        foreach (string name in SystemGroups)
        {
            _groups.TryAdd(name, new SubscriptionGroup { Name = name });
        }

        Version = Version.Next(time);
        _file.Write(output => SubscriptionGroupFile.Write(output, Version, _groups.Values, _kept));
    }

    /// <summary>Which state of the table this is.</summary>
    public DataVersion Version { get; private set; } = new(0, 0, 0);

    /// <summary>Whether it is one of the system's groups.</summary>
    public static bool IsSystem(string group) => Array.IndexOf(SystemGroups, group) >= 0;

    /// <summary>All groups as of now.</summary>
    public IReadOnlyList<SubscriptionGroup> All() => [.. _groups.Values];

    /// <summary>Finds a group's settings.</summary>
    public SubscriptionGroup? Find(string group) => _groups.GetValueOrDefault(group);

    /// <summary>Finds a group's settings by its name in UTF-8, or makes them when that is allowed.</summary>
    public SubscriptionGroup? FindOrCreate(ReadOnlySpan<byte> group) =>
        _byBytes.TryGetValue(group, out SubscriptionGroup? found) ? found : FindOrCreate(Encoding.UTF8.GetString(group));

    /// <summary>Finds a group's settings, or makes them when that is allowed.</summary>
    public SubscriptionGroup? FindOrCreate(string group)
    {
        if (_groups.TryGetValue(group, out SubscriptionGroup? found))
        {
            return found;
        }

        return _options.AutoCreateGroups && Put(new SubscriptionGroup { Name = group }, onlyIfAbsent: true)
            ? _groups.GetValueOrDefault(group)
            : null;
    }

    /// <summary>Sets a group's settings; false when the name is impossible or there are too many groups.</summary>
    public bool Put(SubscriptionGroup group, bool onlyIfAbsent = false) =>
        (onlyIfAbsent && _groups.ContainsKey(group.Name)) || PutAll([group], onlyIfAbsent);

    /// <summary>Sets the settings of groups, all of them, written at once, or none: false for an impossible name or too many groups.</summary>
    public bool PutAll(IReadOnlyCollection<SubscriptionGroup> groups, bool onlyIfAbsent = false)
    {
        if (groups.Any(static group => TopicName.RejectGroup(group.Name) is not null))
        {
            return false;
        }

        lock (_lock)
        {
            var changed = new Dictionary<string, SubscriptionGroup>(StringComparer.Ordinal);
            foreach (SubscriptionGroup group in groups)
            {
                if (!_groups.TryGetValue(group.Name, out SubscriptionGroup? before) || (!onlyIfAbsent && group != before))
                {
                    changed[group.Name] = group;
                }
            }

            int more = changed.Keys.Count(name => !_groups.ContainsKey(name));
            if (more > 0 && _groups.Count + more > _options.MaxGroups)
            {
                return false;
            }

            if (changed.Count > 0)
            {
                Write(_groups.Values.Where(other => !changed.ContainsKey(other.Name)).Concat(changed.Values));
                foreach (SubscriptionGroup group in changed.Values)
                {
                    _groups[group.Name] = group;
                }
            }

            return true;
        }
    }

    /// <summary>Removes a group's settings; whether it had any.</summary>
    public bool Remove(string group)
    {
        lock (_lock)
        {
            if (!_groups.ContainsKey(group))
            {
                return false;
            }

            Write(_groups.Values.Where(other => other.Name != group));
            return _groups.TryRemove(group, out _);
        }
    }

    // The file first: when it cannot be written the table stays as it was.
    private void Write(IEnumerable<SubscriptionGroup> groups)
    {
        DataVersion next = Version.Next(_time);
        _file.Write(output => SubscriptionGroupFile.Write(output, next, groups, _kept));
        Version = next;
    }
}
