using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.NameServer.Configuration;

/// <summary>Small values by namespace and key, kept in memory: RocketMQ's "KV config".</summary>
public sealed class ConfigTable(IOptions<NameServerOptions> options)
{
    /// <summary>The namespace whose values every broker is told when it registers.</summary>
    public const string OrderedTopics = "ORDER_TOPIC_CONFIG";

    private readonly Lock _lock = new();
    private readonly NameServerOptions _options = options.Value;
    private readonly Dictionary<(string Namespace, string Key), string> _values = [];

    /// <summary>Stores a value.</summary>
    /// <exception cref="RemotingException">It is too long, or too many are stored.</exception>
    public void Put(string ns, string key, string value)
    {
        if (ns.Length + key.Length + value.Length > _options.MaxConfigLength)
            throw new RemotingException(ResponseCode.SystemError, $"the entry is longer than {_options.MaxConfigLength} characters");
        lock (_lock)
        {
            if (!_values.ContainsKey((ns, key)) && _values.Count >= _options.MaxConfigEntries)
                throw new RemotingException(ResponseCode.SystemBusy, $"{_options.MaxConfigEntries} entries are stored already");
            _values[(ns, key)] = value;
        }
    }

    /// <summary>A value, or null.</summary>
    public string? Get(string ns, string key)
    {
        lock (_lock)
            return _values.GetValueOrDefault((ns, key));
    }

    /// <summary>Forgets a value.</summary>
    public void Delete(string ns, string key)
    {
        lock (_lock)
            _values.Remove((ns, key));
    }

    /// <summary>All values of a namespace, or null when it has none.</summary>
    public KvTable? List(string ns)
    {
        lock (_lock)
        {
            var table = _values.Where(pair => pair.Key.Namespace == ns).ToDictionary(pair => pair.Key.Key, pair => pair.Value);
            return table.Count == 0 ? null : new KvTable { Table = table };
        }
    }
}
