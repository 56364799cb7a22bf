namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>A metric's type in Prometheus' terms.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}
