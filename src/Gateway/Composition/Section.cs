using System.Reflection;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Gateway.Http;
using ProtoBridgeMQ.Gateway.Metrics;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.Gateway.Tracing;
using ProtoBridgeMQ.Gateway.Transports;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.Sockets;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>A part's own limits: an object in gateway.json, and the options class it fills.</summary>
/// <param name="Name">Its key: <c>http</c>.</param>
/// <param name="Options">Its options class.</param>
/// <param name="Elsewhere">Settings of the class that the settings of the process decide.</param>
internal sealed record Section(string Name, Type Options, params string[] Elsewhere)
{
    /// <summary>All sections.</summary>
    public static IReadOnlyList<Section> All { get; } =
    [
        new("http", typeof(HttpOptions)),
        new("mqtt", typeof(MqttOptions)),
        new("broker", typeof(BrokerOptions), "listen", "port", "nameServers", "dataDirectory", "flush"),
        new("nameServer", typeof(NameServerOptions)),
        new("embedded", typeof(EmbeddedOptions)),
        new("cluster", typeof(ClusterOptions), "nameServers"),
        new("metrics", typeof(MetricsOptions)),
        new("otlp", typeof(OtlpOptions)),
        new("messageTrace", typeof(MessageTraceOptions)),
        new("access", typeof(AccessOptions), "allowAnonymous"),
        new("tls", typeof(TlsOptions)),
        new("proxyProtocol", typeof(ProxyProtocolOptions)),
        new("sockets", typeof(LoopOptions)),
    ];

    /// <summary>The settings it has, as the file spells them; those of an object within are written with a colon.</summary>
    public IReadOnlyList<string> Keys { get; } = [.. KeysOf(Options).Where(key => !Elsewhere.Contains(key))];

    /// <summary>Whether it has that setting.</summary>
    public bool Has(string key) => Keys.Contains(key, StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> KeysOf(Type options)
    {
        foreach (PropertyInfo property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            string name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
            if (property.PropertyType.Namespace?.StartsWith("System", StringComparison.Ordinal) == true || property.PropertyType.IsEnum)
            {
                yield return name;
                continue;
            }

            foreach (string inner in KeysOf(property.PropertyType))
                yield return name + ConfigurationPath.KeyDelimiter + inner;
        }
    }
}
