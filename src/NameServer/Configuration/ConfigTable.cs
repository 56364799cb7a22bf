using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Files;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.NameServer.Configuration;

/// <summary>
/// Small values by namespace and key, RocketMQ's "KV config", kept in <c>kvConfig.json</c>: a change is on disk before it
/// is acknowledged. A namespace stays when its last value goes, as in Apache's name server.
/// </summary>
public sealed class ConfigTable
{
    /// <summary>The namespace whose values every broker is told when it registers.</summary>
    public const string OrderedTopics = "ORDER_TOPIC_CONFIG";

    private const string FileName = "kvConfig.json";

    private readonly Lock _lock = new();
    private readonly NameServerOptions _options;
    private readonly ILogger<ConfigTable> _logger;
    private readonly KeptFile? _file;
    private readonly Dictionary<string, Dictionary<string, string>> _values;
    private int _count;

    /// <summary>Reads the file, if there is one.</summary>
    /// <exception cref="IOException">There is one and it cannot be read: going on would forget what it says.</exception>
    public ConfigTable(IOptions<NameServerOptions> options, ILogger<ConfigTable> logger)
    {
        _options = options.Value;
        _logger = logger;
        _file = _options.DataDirectory.Length == 0 ? null : new KeptFile(_options.DataDirectory, FileName);
        _values = Load(_file);
        _count = _values.Values.Sum(static values => values.Count);
        NameServerMetrics.ConfigEntries.Add(_count);
    }

    /// <summary>Stores a value.</summary>
    /// <exception cref="RemotingException">It is too long, or too many are stored, or it cannot be written to disk.</exception>
    public void Put(string ns, string key, string value)
    {
        if (ns.Length + key.Length + value.Length > _options.MaxConfigLength)
            throw new RemotingException(ResponseCode.SystemError, $"the entry is longer than {_options.MaxConfigLength} characters");
        lock (_lock)
        {
            var known = _values.GetValueOrDefault(ns);
            var before = known?.GetValueOrDefault(key);
            // Namespaces too: an empty one is not forgotten.
            if (before is null && (_count >= _options.MaxConfigEntries || (known is null && _values.Count >= _options.MaxConfigEntries)))
                throw new RemotingException(ResponseCode.SystemBusy, $"{_options.MaxConfigEntries} entries are stored already");
            if (known is null)
                _values[ns] = known = new Dictionary<string, string>(StringComparer.Ordinal);
            known[key] = value;
            if (before != value)
                Keep(() => Restore(ns, key, before));
            if (before is null)
                Count(1);
        }
    }

    /// <summary>A value, or null.</summary>
    public string? Get(string ns, string key)
    {
        lock (_lock)
            return _values.GetValueOrDefault(ns)?.GetValueOrDefault(key);
    }

    /// <summary>Forgets a value.</summary>
    /// <exception cref="RemotingException">That cannot be written to disk.</exception>
    public void Delete(string ns, string key)
    {
        lock (_lock)
        {
            if (_values.GetValueOrDefault(ns) is not { } known || !known.Remove(key, out var before))
                return;
            Keep(() => Restore(ns, key, before));
            Count(-1);
        }
    }

    /// <summary>All values of a namespace, or null when it never had one.</summary>
    public KvTable? List(string ns)
    {
        lock (_lock)
            return _values.GetValueOrDefault(ns) is { } known ? new KvTable { Table = new(known) } : null;
    }

    private void Count(int change)
    {
        _count += change;
        NameServerMetrics.ConfigEntries.Add(change);
    }

    private void Keep(Action undo)
    {
        try
        {
            _file?.Write(JsonSerializer.SerializeToUtf8Bytes(new ConfigFileBody { Table = _values }, ConfigJson.Kept.ConfigFileBody));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            undo();
            NameServerLog.NotKept(_logger, FileName, error);
            throw new RemotingException(ResponseCode.SystemError, $"{FileName} cannot be written: {error.Message}");
        }
    }

    private void Restore(string ns, string key, string? before)
    {
        if (before is null)
            _values[ns].Remove(key);
        else
            _values[ns][key] = before;
    }

    private static Dictionary<string, Dictionary<string, string>> Load(KeptFile? file)
    {
        if (file?.Read() is not { Length: > 0 } text)
            return new(StringComparer.Ordinal);
        try
        {
            return LenientJson.Read(text.AsSpan(), ConfigJson.Kept.ConfigFileBody).Table
                ?? throw new IOException($"{file.FullPath} has no configTable");
        }
        catch (RemotingException error)
        {
            throw new IOException($"{file.FullPath} cannot be read ({error.Message}). Repair it, or remove it to start without its values.", error);
        }
    }
}
