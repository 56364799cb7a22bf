using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Registration;

namespace ProtoBridgeMQ.Broker;

/// <summary>What the broker counts: meter <c>ProtoBridgeMQ.Broker</c>.</summary>
public sealed class BrokerMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?>[] Reasons =
        [.. Enum.GetNames<SendStatus>().Select(static name => KeyValuePair.Create<string, object?>("reason", name))];

    private static readonly KeyValuePair<string, object?>[] Kinds =
        [.. Enum.GetNames<RegistrationKind>().Select(static name => KeyValuePair.Create<string, object?>("kind", name))];

    private static readonly KeyValuePair<string, object?>[] Limits =
        [.. Enum.GetNames<FlowLimit>().Select(static name => KeyValuePair.Create<string, object?>("limit", name))];

    private readonly Meter _meter = new("ProtoBridgeMQ.Broker");
    private readonly Counter<long> _messagesIn;
    private readonly Counter<long> _bytesIn;
    private readonly Counter<long> _messagesOut;
    private readonly Counter<long> _bytesOut;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _limited;
    private readonly Counter<long> _pullsRefused;
    private readonly Counter<long> _delayed;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _replies;
    private readonly Counter<long> _statisticsDropped;
    private readonly Counter<long> _registrations;
    private readonly Counter<long> _registrationBytes;
    private readonly Counter<long> _registrationsFailed;
    private readonly UpDownCounter<long> _connections;

    /// <summary>Makes the instruments.</summary>
    public BrokerMetrics()
    {
        _messagesIn = _meter.CreateCounter<long>("broker.messages.in", "{message}", "Messages appended");
        _bytesIn = _meter.CreateCounter<long>("broker.bytes.in", "By", "Bytes of bodies appended");
        _messagesOut = _meter.CreateCounter<long>("broker.messages.out", "{message}", "Messages read by consumers");
        _bytesOut = _meter.CreateCounter<long>("broker.bytes.out", "By", "Bytes of records read by consumers");
        _refused = _meter.CreateCounter<long>("broker.sends.refused", "{message}", "Sends refused, by reason");
        _limited = _meter.CreateCounter<long>("broker.flow.refused", "{message}", "Messages refused that may go through later, by limit");
        _pullsRefused = _meter.CreateCounter<long>("broker.pulls.refused", "{request}", "Pulls not held because the table of held pulls is full");
        _delayed = _meter.CreateCounter<long>("broker.messages.delayed", "{message}", "Delayed messages delivered to their topics");
        _retried = _meter.CreateCounter<long>("broker.messages.retried", "{message}", "Messages sent back for another try");
        _deadLetters = _meter.CreateCounter<long>("broker.messages.dead", "{message}", "Messages put into dead-letter topics");
        _replies = _meter.CreateCounter<long>("broker.replies", "{message}", "Replies handed to the clients that asked, by result");
        _statisticsDropped = _meter.CreateCounter<long>("broker.statistics.dropped", "{count}", "Counts for topics and groups that found no room");
        _registrations = _meter.CreateCounter<long>("broker.registrations", "{request}", "What name servers were told, by kind");
        _registrationBytes = _meter.CreateCounter<long>("broker.registrations.bytes", "By", "Bytes of topics that name servers were told");
        _registrationsFailed = _meter.CreateCounter<long>("broker.registrations.failed", "{attempt}", "Attempts that a name server did not take");
        _connections = _meter.CreateUpDownCounter<long>("broker.connections", "{connection}", "Open remoting connections");
    }

    /// <summary>The meter, for subjects that have instruments of their own.</summary>
    internal Meter Meter => _meter;

    /// <summary>A gauge that is asked when metrics are collected.</summary>
    public void Observe(string name, string description, Func<long> value) =>
        _meter.CreateObservableGauge(name, value, description: description);

    /// <summary>A counter that is asked when metrics are collected.</summary>
    public void ObserveTotal(string name, string description, Func<long> value) =>
        _meter.CreateObservableCounter(name, value, description: description);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Received(int messages, int bytes)
    {
        _messagesIn.Add(messages);
        _bytesIn.Add(bytes);
    }

    internal void Sent(int messages, int bytes)
    {
        _messagesOut.Add(messages);
        _bytesOut.Add(bytes);
    }

    internal void Refused(SendStatus reason) => _refused.Add(1, Reasons[(int)reason]);

    internal void Limited(FlowLimit limit) => _limited.Add(1, Limits[(int)limit]);

    internal void PullRefused() => _pullsRefused.Add(1);

    internal void Delayed() => _delayed.Add(1);

    internal void Retried() => _retried.Add(1);

    internal void DeadLetter() => _deadLetters.Add(1);

    internal void Replied(bool taken) => _replies.Add(1, new KeyValuePair<string, object?>("result", taken ? "taken" : "failed"));

    internal void StatisticDropped() => _statisticsDropped.Add(1);

    internal void Registered(RegistrationKind kind, int bytes)
    {
        _registrations.Add(1, Kinds[(int)kind]);
        _registrationBytes.Add(bytes);
    }

    internal void RegistrationFailed() => _registrationsFailed.Add(1);

    internal void ConnectionOpened() => _connections.Add(1);

    internal void ConnectionClosed() => _connections.Add(-1);
}
