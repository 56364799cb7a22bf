using System.Text;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Settings;

/// <summary>
/// The settings that an operator changes while the broker runs: in the options, and in <c>config/broker.properties</c>, so
/// that they hold after a restart, before what the configuration says.
/// </summary>
/// <remarks>Thread safe. A change is on disk before it holds; all of a request or nothing.</remarks>
public sealed class BrokerSettings
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _changed;
    private readonly BrokerOptions _options;
    private readonly TableFile _file;
    private readonly TimeProvider _time;

    private BrokerSettings(BrokerOptions options, TableFile file, TimeProvider time, Dictionary<string, string> changed)
    {
        _options = options;
        _file = file;
        _time = time;
        _changed = changed;
        Version = new DataVersion(0, time.GetUtcNow().ToUnixTimeMilliseconds(), 0);
    }

    /// <summary>Called after a change, with the names changed. Must not throw.</summary>
    public event Action<IReadOnlyCollection<string>>? Changed;

    /// <summary>Which state of the settings this is.</summary>
    public DataVersion Version { get; private set; }

    /// <summary>Reads the file and sets the options by it. What an earlier version took and this one does not is left out.</summary>
    public static BrokerSettings Load(BrokerOptions options, TableFile file, TimeProvider time)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        IReadOnlyDictionary<string, string> saved = file.Read(Parse) ?? new Dictionary<string, string>();
        foreach ((string name, string value) in saved)
        {
            if (SettingList.All.TryGetValue(name, out BrokerSetting? setting) && setting.TrySet(options, value) is null)
            {
                kept[name] = value;
            }
        }

        return new BrokerSettings(options, file, time, kept);
    }

    /// <summary>Reads a file's text.</summary>
    public static IReadOnlyDictionary<string, string>? Parse(byte[] text) => PropertiesText.Parse(Encoding.UTF8.GetString(text));

    /// <summary>All settings with a name in RocketMQ, as properties.</summary>
    public string Text()
    {
        lock (_lock)
        {
            return PropertiesText.Write(SettingList.All.Values.Select(setting => KeyValuePair.Create(setting.Name, setting.Read(_options))));
        }
    }

    /// <summary>Changes settings; null when all were, otherwise why none was.</summary>
    public string? Change(IReadOnlyDictionary<string, string> wanted)
    {
        lock (_lock)
        {
            var errors = new List<string>();
            var trial = new BrokerOptions();
            foreach ((string name, string value) in wanted)
            {
                if (!SettingList.All.TryGetValue(name, out BrokerSetting? setting))
                {
                    errors.Add($"{name} is not known to this broker");
                }
                else if (setting.Read(_options) != value.Trim() && setting.TrySet(trial, value) is { } error)
                {
                    errors.Add(error);
                }
            }

            if (errors.Count > 0)
            {
                return $"Nothing was changed: {string.Join("; ", errors)}.";
            }

            Apply([.. wanted.Where(pair => SettingList.All[pair.Key].IsChangeable)]);
        }

        Changed?.Invoke([.. wanted.Keys]);
        return null;
    }

    private void Apply(IReadOnlyCollection<KeyValuePair<string, string>> wanted)
    {
        if (wanted.Count == 0)
        {
            return;
        }

        var next = new Dictionary<string, string>(_changed, StringComparer.Ordinal);
        foreach ((string name, string value) in wanted)
        {
            next[name] = value.Trim();
        }

        string text = PropertiesText.Write(next);
        _file.Write(output => Encoding.UTF8.GetBytes(text, output));
        foreach ((string name, string value) in wanted)
        {
            _changed[name] = value.Trim();
            SettingList.All[name].TrySet(_options, value);
        }

        Version = Version.Next(_time);
    }
}
