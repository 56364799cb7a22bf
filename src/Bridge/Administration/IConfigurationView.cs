namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>The configuration of the process as it is in force.</summary>
public interface IConfigurationView
{
    /// <summary>All settings, by name.</summary>
    IReadOnlyList<ConfigurationValue> Read();
}

/// <summary>A setting as it is in force.</summary>
/// <param name="Name">As the settings file spells it, parts joined by dots.</param>
/// <param name="Value">The value; what is secret is not shown.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Where">The file, variable or option; null for a default.</param>
public sealed record ConfigurationValue(string Name, string Value, ConfigurationSource Source, string? Where);

/// <summary>Where a setting comes from; the later goes before the earlier.</summary>
public enum ConfigurationSource
{
    /// <summary>Nobody said anything.</summary>
    Default,

    /// <summary>The settings file.</summary>
    File,

    /// <summary>An environment variable.</summary>
    Environment,

    /// <summary>An option of the command line.</summary>
    CommandLine,
}
