using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Bridge.Administration;

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
        Published = new MessageCounter(
            _meter.CreateCounter<long>("protobridge.http.published", "{message}", "Messages published by HTTP and acknowledged."), count => Traffic.AddIn(count));
        PublishDuration = new PublishTimes(
            _meter.CreateHistogram<double>("protobridge.http.publish.duration", "s", "Time from the first byte of a publish handled to its durable answer."), Traffic.Latency);
        Received = new MessageCounter(
            _meter.CreateCounter<long>("protobridge.http.received", "{message}", "Messages handed to HTTP receivers."), count => Traffic.AddOut(count));
        Settled = _meter.CreateCounter<long>("protobridge.http.settled", "{delivery}", "Deliveries settled by HTTP.");
        Problems = _meter.CreateCounter<long>("protobridge.http.problems", "{answer}", "Problem details answered, by type.");
        Events = new MessageCounter(
            _meter.CreateCounter<long>("protobridge.http.events", "{message}", "Messages sent to event streams."), count => Traffic.AddOut(count));
        EventClients = _meter.CreateUpDownCounter<long>("protobridge.http.event_clients", "{client}", "Event streams open.");
        Waiting = _meter.CreateUpDownCounter<long>("protobridge.http.receives_waiting", "{request}", "Receive requests at work, long polls included.");
        Alarms = _meter.CreateUpDownCounter<long>("protobridge.http.alarms", "{alarm}", "Alarms of the overview now, by name.");
        LiveClients = _meter.CreateUpDownCounter<long>("protobridge.http.live_clients", "{client}", "Streams of the overview open.");
        Connections = _meter.CreateUpDownCounter<long>("protobridge.http.connections", "{connection}", "Connections of the HTTP ports.");
        Changes = _meter.CreateCounter<long>("protobridge.http.changes", "{change}", "Changes made by the management interface, by action.");
        GroupStreams = _meter.CreateUpDownCounter<long>("protobridge.http.group_streams", "{stream}", "Group streams kept open for receivers.");
        RequestsWaiting = _meter.CreateUpDownCounter<long>("protobridge.http.requests_waiting", "{request}", "Requests that wait for their replies.");
        Replies = _meter.CreateCounter<long>("protobridge.http.replies", "{reply}", "Replies sent by HTTP and taken by who asked.");
        TransactionChecks = _meter.CreateUpDownCounter<long>("protobridge.http.transaction_checks", "{question}", "Questions about transactions that wait for their answers.");
        TransactionsEnded = _meter.CreateCounter<long>("protobridge.http.transactions_ended", "{transaction}", "Transactions ended by HTTP, by outcome.");
        Webhooks = _meter.CreateUpDownCounter<long>("protobridge.http.webhooks", "{webhook}", "Webhooks there are.");
        WebhookRequests = _meter.CreateCounter<long>("protobridge.http.webhook_requests", "{request}", "Messages pushed to webhooks, by outcome.");
        WebhookDuration = _meter.CreateHistogram<double>("protobridge.http.webhook.duration", "s", "Time that a request to a webhook took.");
        Browsed = _meter.CreateCounter<long>("protobridge.http.browsed", "{message}", "Messages shown without being consumed.");
        Sockets = _meter.CreateUpDownCounter<long>("protobridge.http.sockets", "{client}", "WebSockets of topics open.");
        SocketMessages = _meter.CreateCounter<long>("protobridge.http.socket_messages", "{message}", "Messages sent to WebSockets of topics.");
        IdempotentPublishes = _meter.CreateCounter<long>("protobridge.http.idempotent_publishes", "{message}", "Messages published with an idempotency key, by outcome.");
        IdempotencyKeys = _meter.CreateUpDownCounter<long>("protobridge.http.idempotency_keys", "{key}", "Idempotency keys remembered.");
    }

    internal UpDownCounter<long> RequestsWaiting { get; }

    internal Counter<long> Replies { get; }

    internal UpDownCounter<long> TransactionChecks { get; }

    internal Counter<long> TransactionsEnded { get; }

    internal UpDownCounter<long> Webhooks { get; }

    internal Counter<long> WebhookRequests { get; }

    internal Histogram<double> WebhookDuration { get; }

    internal Counter<long> Browsed { get; }

    internal UpDownCounter<long> Sockets { get; }

    internal Counter<long> SocketMessages { get; }

    internal Counter<long> IdempotentPublishes { get; }

    internal UpDownCounter<long> IdempotencyKeys { get; }

    /// <summary>Messages, for lists of protocols.</summary>
    internal MessageTraffic Traffic { get; } = new();

    internal MessageCounter Published { get; }

    internal PublishTimes PublishDuration { get; }

    internal MessageCounter Received { get; }

    internal Counter<long> Settled { get; }

    internal Counter<long> Problems { get; }

    internal MessageCounter Events { get; }

    internal UpDownCounter<long> EventClients { get; }

    internal UpDownCounter<long> Waiting { get; }

    internal UpDownCounter<long> GroupStreams { get; }

    internal UpDownCounter<long> LiveClients { get; }

    internal UpDownCounter<long> Alarms { get; }

    internal UpDownCounter<long> Connections { get; }

    internal Counter<long> Changes { get; }

    /// <summary>Shows how many refusals are kept.</summary>
    internal void ObserveRefusals(Func<int> count)
        => _meter.CreateObservableUpDownCounter("protobridge.http.refusals_kept", count, "{refusal}", "Refusals kept to be shown, without those of access control.");

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
