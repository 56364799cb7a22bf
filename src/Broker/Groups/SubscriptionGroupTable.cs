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
    public bool Put(SubscriptionGroup group, bool onlyIfAbsent = false)
    {
        if (TopicName.RejectGroup(group.Name) is not null)
        {
            return false;
        }

        lock (_lock)
        {
            bool known = _groups.TryGetValue(group.Name, out SubscriptionGroup? before);
            if (known && (onlyIfAbsent || group == before))
            {
                return true;
            }

            if (!known && _groups.Count >= _options.MaxGroups)
            {
                return false;
            }

            DataVersion next = Version.Next(_time);
            IEnumerable<SubscriptionGroup> others = _groups.Values.Where(other => other.Name != group.Name);
            _file.Write(output => SubscriptionGroupFile.Write(output, next, others.Append(group), _kept));
            _groups[group.Name] = group;
            Version = next;
            return true;
        }
    }
}
