using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>What the front counts; docs/metrics.md explains each.</summary>
public sealed class HttpMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ProtoBridgeMQ.Http";

    private readonly Meter _meter;

    /// <summary>Makes the instruments.</summary>
    public HttpMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        Published = _meter.CreateCounter<long>("protobridge.http.published", "{message}", "Messages published by HTTP and acknowledged.");
        PublishDuration = _meter.CreateHistogram<double>("protobridge.http.publish.duration", "s", "Time from the first byte of a publish handled to its durable answer.");
        Received = _meter.CreateCounter<long>("protobridge.http.received", "{message}", "Messages handed to HTTP receivers.");
        Settled = _meter.CreateCounter<long>("protobridge.http.settled", "{delivery}", "Deliveries settled by HTTP.");
        Problems = _meter.CreateCounter<long>("protobridge.http.problems", "{answer}", "Problem details answered, by type.");
        Events = _meter.CreateCounter<long>("protobridge.http.events", "{message}", "Messages sent to event streams.");
        EventClients = _meter.CreateUpDownCounter<long>("protobridge.http.event_clients", "{client}", "Event streams open.");
        Waiting = _meter.CreateUpDownCounter<long>("protobridge.http.receives_waiting", "{request}", "Receive requests at work, long polls included.");
        GroupStreams = _meter.CreateUpDownCounter<long>("protobridge.http.group_streams", "{stream}", "Group streams kept open for receivers.");
        IdempotentPublishes = _meter.CreateCounter<long>("protobridge.http.idempotent_publishes", "{message}", "Messages published with an idempotency key, by outcome.");
        IdempotencyKeys = _meter.CreateUpDownCounter<long>("protobridge.http.idempotency_keys", "{key}", "Idempotency keys remembered.");
    }

    internal Counter<long> IdempotentPublishes { get; }

    internal UpDownCounter<long> IdempotencyKeys { get; }

    internal Counter<long> Published { get; }

    internal Histogram<double> PublishDuration { get; }

    internal Counter<long> Received { get; }

    internal Counter<long> Settled { get; }

    internal Counter<long> Problems { get; }

    internal Counter<long> Events { get; }

    internal UpDownCounter<long> EventClients { get; }

    internal UpDownCounter<long> Waiting { get; }

    internal UpDownCounter<long> GroupStreams { get; }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
