using System.Globalization;
using System.Reflection;
using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>The settings in force: those of the process, and those of the sections of the parts that it has.</summary>
internal sealed class ConfigurationView(GatewayOptions options, GatewaySetup setup) : IConfigurationView
{
    private const string Hidden = "***";

    private static readonly string[] OfEmbedded = ["broker", "nameServer", "embedded"];

    private readonly IReadOnlyDictionary<string, SettingOrigin> _origins = setup.Origins ?? new Dictionary<string, SettingOrigin>();

    /// <inheritdoc/>
    public IReadOnlyList<ConfigurationValue> Read()
    {
        List<ConfigurationValue> values = [];
        foreach (Setting setting in Setting.All)
        {
            PropertyInfo? property = typeof(GatewayOptions).GetProperty(setting.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is not null)
                values.Add(ValueOf(setting.Key, property.GetValue(options)));
        }

        foreach (Section section in Section.All.Where(IsInForce))
        {
            object read = Activator.CreateInstance(section.Options)!;
            setup.Configuration?.GetSection(section.Name).Bind(read);
            foreach (string key in section.Keys)
                values.Add(ValueOf(section.Name + ConfigurationPath.KeyDelimiter + key, Get(read, key)));
        }

        return values;
    }

    private static object? Get(object? from, string key)
    {
        foreach (string part in key.Split(ConfigurationPath.KeyDelimiter))
            from = from?.GetType().GetProperty(part, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)?.GetValue(from);

        return from;
    }

    private bool IsInForce(Section section) => options.IsCluster ? !OfEmbedded.Contains(section.Name) : section.Name != "cluster";

    private ConfigurationValue ValueOf(string key, object? value)
    {
        string text = Text(value);
        bool isSecret = text.Length > 0 && (key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("secret", StringComparison.OrdinalIgnoreCase) || key.EndsWith("securityToken", StringComparison.OrdinalIgnoreCase) || key.Equals("otlp:headers", StringComparison.OrdinalIgnoreCase))
            && value is string;
        bool isGiven = _origins.TryGetValue(key, out SettingOrigin origin);
        return new ConfigurationValue(SettingsFile.Readable(key), isSecret ? Hidden : text, isGiven ? origin.Source : ConfigurationSource.Default, isGiven ? origin.Where : null);
    }

    private static string Text(object? value) => value switch
    {
        null => string.Empty,
        bool flag => flag ? "true" : "false",
        Enum word => char.ToLowerInvariant(word.ToString()[0]) + word.ToString()[1..],
        int and GatewayOptions.Any => "any",
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };
}
