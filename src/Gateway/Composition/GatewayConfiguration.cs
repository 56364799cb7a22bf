using System.Collections;
using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>
/// Brings the four sources together: command line before environment before gateway.json before defaults.
/// What nobody knows is refused, with its place; in the environment, where others write too, it is a warning.
/// </summary>
/// <param name="Options">The settings of the process.</param>
/// <param name="Sections">The limits of the parts.</param>
/// <param name="Warnings">What was ignored, a line each.</param>
/// <param name="File">The file that was read, or null.</param>
internal sealed record GatewayConfiguration(GatewayOptions Options, IConfiguration Sections, IReadOnlyList<string> Warnings, string? File)
{
    /// <summary>Where each setting that was given comes from, by its key.</summary>
    public required IReadOnlyDictionary<string, SettingOrigin> Origins { get; init; }

    /// <summary>The file that is read without being named.</summary>
    public const string DefaultFile = "gateway.json";

    /// <summary>The variable that names the file; <c>--config</c> comes before it.</summary>
    public const string FileVariable = Setting.EnvironmentPrefix + "CONFIG";

    /// <summary>Reads all sources.</summary>
    /// <param name="commandLine">Option (<c>--mqtt-port</c>) and value of what was given.</param>
    /// <param name="file">The file named by <c>--config</c>, or null.</param>
    /// <param name="environment">The process's variables.</param>
    /// <exception cref="GatewayStartException">Something is unknown or not possible.</exception>
    public static GatewayConfiguration Load(IReadOnlyDictionary<string, string> commandLine, string? file, IDictionary environment)
    {
        var options = new GatewayOptions();
        var origins = new Dictionary<string, SettingOrigin>(StringComparer.OrdinalIgnoreCase);
        var sections = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        List<string> warnings = [];
        file ??= environment[FileVariable] as string;
        file ??= System.IO.File.Exists(DefaultFile) ? DefaultFile : null;
        if (file is not null)
            ReadFile(file, options, sections, origins);

        ReadEnvironment(environment, options, sections, warnings, origins);
        foreach (Setting setting in Setting.All.Concat(Setting.NotYet))
        {
            if (commandLine.TryGetValue(setting.Option, out string? value))
            {
                setting.Apply(options, value, setting.Option);
                origins[setting.Key] = new SettingOrigin(ConfigurationSource.CommandLine, setting.Option);
            }
        }

        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(sections).Build();
        return new GatewayConfiguration(options, configuration, warnings, file) { Origins = origins };
    }

    private static void ReadFile(string path, GatewayOptions options, Dictionary<string, string?> sections, Dictionary<string, SettingOrigin> origins)
    {
        foreach ((string key, string value) in SettingsFile.Read(path))
        {
            if (!TryTake(key, value, $"{path}: {SettingsFile.Readable(key)}", options, sections, setting => setting.Key))
                throw new GatewayStartException(GatewayStartException.WrongUsage, $"{path}: {Unknown(key)}");

            origins[key] = new SettingOrigin(ConfigurationSource.File, path);
        }
    }

    private static void ReadEnvironment(IDictionary environment, GatewayOptions options, Dictionary<string, string?> sections, List<string> warnings, Dictionary<string, SettingOrigin> origins)
    {
        foreach (DictionaryEntry entry in environment)
        {
            string name = (string)entry.Key;
            if (!name.StartsWith(Setting.EnvironmentPrefix, StringComparison.Ordinal) || name == FileVariable)
                continue;

            string key = name.Contains("__", StringComparison.Ordinal)
                ? name[Setting.EnvironmentPrefix.Length..].Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)
                : name;
            if (!TryTake(key, (string?)entry.Value ?? string.Empty, name, options, sections, setting => setting.Variable))
                warnings.Add($"The environment variable {name} is no setting and is ignored.");
            else
                origins[Setting.All.FirstOrDefault(setting => setting.Variable == key)?.Key ?? key] = new SettingOrigin(ConfigurationSource.Environment, name);
        }
    }

    private static bool TryTake(
        string key,
        string value,
        string origin,
        GatewayOptions options,
        Dictionary<string, string?> sections,
        Func<Setting, string> nameOf)
    {
        int end = key.IndexOf(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        if (end < 0)
        {
            Setting? setting = Setting.All.Concat(Setting.NotYet).FirstOrDefault(one => nameOf(one).Equals(key, StringComparison.OrdinalIgnoreCase));
            setting?.Apply(options, value, origin);
            return setting is not null;
        }

        Section? section = Section.All.FirstOrDefault(one => one.Name.Equals(key[..end], StringComparison.OrdinalIgnoreCase));
        if (section is null || !section.Has(key[(end + 1)..]))
            return false;

        sections[key] = value;
        return true;
    }

    private static string Unknown(string key)
    {
        int end = key.IndexOf(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        Section? section = end < 0 ? null : Section.All.FirstOrDefault(one => one.Name.Equals(key[..end], StringComparison.OrdinalIgnoreCase));
        IEnumerable<string> known = section?.Keys.Select(name => $"{section.Name}.{SettingsFile.Readable(name)}")
            ?? Setting.All.Select(setting => setting.Key).Concat(Section.All.Select(one => one.Name));
        return $"{SettingsFile.Readable(key)} is no setting; there are {string.Join(", ", known)}";
    }
}
