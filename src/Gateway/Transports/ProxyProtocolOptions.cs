using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>Which ports stand behind a proxy that tells the client's address (PROXY protocol, versions 1 and 2).</summary>
public sealed class ProxyProtocolOptions
{
    /// <summary>Whether connections of the MQTT port begin with a PROXY header.</summary>
    public bool Mqtt { get; set; }

    /// <summary>Whether connections of the MQTT port with TLS do.</summary>
    public bool Mqtts { get; set; }

    /// <summary>Whether connections of the HTTP port do.</summary>
    public bool Http { get; set; }

    /// <summary>Whether connections of the HTTPS port do.</summary>
    public bool Https { get; set; }

    /// <summary>Addresses and networks of the proxies, separated by semicolons: <c>10.0.0.7;10.1.0.0/16</c>. Others are refused on these ports.</summary>
    public string Trusted { get; set; } = string.Empty;

    /// <summary>How long a header may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan HeaderTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether any port takes headers.</summary>
    public bool IsUsed() => Mqtt || Mqtts || Http || Https;
}
