using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>What the transports count; meter <c>ProtoBridgeMQ.Transports</c>.</summary>
internal sealed class TransportMetrics
{
    private readonly Counter<long> _proxyRefused;
    private readonly Counter<long> _reloads;

    public TransportMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("ProtoBridgeMQ.Transports");
        _proxyRefused = meter.CreateCounter<long>("protobridge.transport.proxy.refused", "{connection}", "Connections refused for their PROXY header, by reason");
        _reloads = meter.CreateCounter<long>("protobridge.transport.tls.reloads", "{file}", "Changed certificates that were read again, by result");
    }

    public void ProxyRefused(string reason) => _proxyRefused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Reloaded(bool good) => _reloads.Add(1, new KeyValuePair<string, object?>("result", good ? "used" : "refused"));
}
