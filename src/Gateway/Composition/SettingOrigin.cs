using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Where a setting comes from.</summary>
/// <param name="Source">The kind of place.</param>
/// <param name="Where">The file, variable or option.</param>
public readonly record struct SettingOrigin(ConfigurationSource Source, string Where);
