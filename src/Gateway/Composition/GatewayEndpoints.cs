using System.Net;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Where a running gateway listens; null for what is switched off.</summary>
/// <param name="Mqtt">MQTT.</param>
/// <param name="Http">HTTP.</param>
/// <param name="NameServer">Name server.</param>
/// <param name="Broker">Broker.</param>
/// <param name="Mqtts">MQTT over TLS.</param>
/// <param name="Https">HTTP over TLS.</param>
public sealed record GatewayEndpoints(IPEndPoint? Mqtt, IPEndPoint? Http, IPEndPoint? NameServer, IPEndPoint? Broker, IPEndPoint? Mqtts = null, IPEndPoint? Https = null)
{
    /// <summary>The address that HTTP clients begin with; null when HTTP is off.</summary>
    public Uri? HttpAddress => Http is null ? null : new Uri($"http://{Http}/");
}
