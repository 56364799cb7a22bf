using System.Reflection;
using ProtoBridgeMQ.Gateway.Http;
using ProtoBridgeMQ.Gateway.Metrics;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>A part's own limits: an object in gateway.json, and the options class it fills.</summary>
/// <param name="Name">Its key: <c>http</c>.</param>
/// <param name="Options">Its options class.</param>
internal sealed record Section(string Name, Type Options)
{
    /// <summary>All sections.</summary>
    public static IReadOnlyList<Section> All { get; } =
    [
        new("http", typeof(HttpOptions)),
        new("metrics", typeof(MetricsOptions)),
    ];

    /// <summary>The settings it has, as the file spells them.</summary>
    public IEnumerable<string> Keys
        => Options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite)
            .Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..]);

    /// <summary>Whether it has that setting.</summary>
    public bool Has(string key) => Keys.Contains(key, StringComparer.OrdinalIgnoreCase);
}
