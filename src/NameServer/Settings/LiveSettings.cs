using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Files;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.NameServer.Settings;

/// <summary>
/// The settings that a running name server takes by command (318), under the names that Apache's has. What was changed so
/// is kept in <c>namesrv.properties</c> and comes before the options at the next start.
/// </summary>
public sealed class LiveSettings
{
    private const string FileName = "namesrv.properties";

    private static readonly string[] NeverByCommand = ["configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome"];

    private readonly Lock _lock = new();
    private readonly NameServerOptions _options;
    private readonly ILogger<LiveSettings> _logger;
    private readonly KeptFile? _file;
    private readonly HashSet<string> _refused;
    private readonly SortedDictionary<string, string> _changed = new(StringComparer.Ordinal);
    private volatile SettingValues _values;

    /// <summary>Takes the options, and over them what was changed by command before.</summary>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public LiveSettings(IOptions<NameServerOptions> options, ILogger<LiveSettings> logger)
    {
        _options = options.Value;
        _logger = logger;
        _file = _options.DataDirectory.Length == 0 ? null : new KeptFile(_options.DataDirectory, FileName);
        _refused = [.. NeverByCommand, .. _options.ConfigBlackList.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        _values = SettingValues.Of(_options);
        if (_file?.Read() is not { } text)
            return;
        try
        {
            Apply(JavaProperties.Parse(Encoding.UTF8.GetString(text)));
        }
        catch (FormatException error)
        {
            throw new IOException($"{_file.FullPath} cannot be read ({error.Message}). Repair it, or remove it to start with the options.", error);
        }
    }

    /// <summary>The values in force.</summary>
    public SettingValues Values => _values;

    /// <summary>Changes settings; names that nobody knows are passed over, as Apache's name server does.</summary>
    /// <exception cref="RemotingException">One may not be changed by command, or has a value that cannot be; nothing was changed then.</exception>
    public void Update(string properties)
    {
        lock (_lock)
        {
            var before = _values;
            try
            {
                var pairs = JavaProperties.Parse(properties);
                if (pairs.Keys.Any(_refused.Contains))
                    throw new RemotingException(ResponseCode.NoPermission, "Can not update config in black list.");
                if (Apply(pairs))
                    _file?.Write(Encoding.UTF8.GetBytes(Lines(_changed)));
            }
            catch (FormatException error)
            {
                throw new RemotingException(ResponseCode.SystemError, error.Message);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _values = before;
                NameServerLog.NotKept(_logger, FileName, error);
                throw new RemotingException(ResponseCode.SystemError, $"{FileName} cannot be written: {error.Message}");
            }
        }
    }

    /// <summary>All settings, a line each, in the order of their names.</summary>
    public string Text()
    {
        var all = _values.All();
        all["configBlackList"] = _options.ConfigBlackList;
        all["scanNotActiveBrokerInterval"] = _options.EvictionInterval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
        if (_file is not null)
        {
            all["configStorePath"] = _file.FullPath;
            all["kvConfigPath"] = Path.Combine(Path.GetDirectoryName(_file.FullPath)!, "kvConfig.json");
        }
        return Lines(all);
    }

    private bool Apply(Dictionary<string, string> pairs)
    {
        var next = _values;
        foreach (var (name, value) in pairs)
            next = next.With(name, value) ?? next;
        foreach (var (name, value) in pairs.Where(pair => _values.With(pair.Key, pair.Value) is not null))
            _changed[name] = value;
        var isOther = next != _values;
        _values = next;
        return isOther;
    }

    private static string Lines(IEnumerable<KeyValuePair<string, string>> pairs) =>
        string.Concat(pairs.Select(static pair => $"{pair.Key}={pair.Value}\n"));
}
