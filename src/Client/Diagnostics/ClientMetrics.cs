using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Client.Diagnostics;

/// <summary>What is counted; meter <c>ProtoBridgeMQ.Client</c>.</summary>
internal static class ClientMetrics
{
    private static readonly Meter Meter = new("ProtoBridgeMQ.Client");

    public static Counter<long> Sent { get; } = Meter.CreateCounter<long>("protobridge.client.sent", "{message}", "Messages that a broker stored.");

    public static Counter<long> SendFailures { get; } = Meter.CreateCounter<long>("protobridge.client.send_failures", "{send}", "Sends that failed after their last try.");

    public static Counter<long> SendRetries { get; } = Meter.CreateCounter<long>("protobridge.client.send_retries", "{try}", "Tries after the first one.");

    public static Histogram<double> SendSeconds { get; } = Meter.CreateHistogram<double>("protobridge.client.send_duration", "s", "From the call to the receipt.");

    public static Counter<long> Received { get; } = Meter.CreateCounter<long>("protobridge.client.received", "{message}", "Messages that were pulled.");

    public static Counter<long> Handled { get; } = Meter.CreateCounter<long>("protobridge.client.handled", "{message}", "Messages whose handler succeeded.");

    public static Counter<long> HandlerFailures { get; } = Meter.CreateCounter<long>("protobridge.client.handler_failures", "{message}", "Messages whose handler failed or asked for another try.");

    public static Counter<long> PullFailures { get; } = Meter.CreateCounter<long>("protobridge.client.pull_failures", "{pull}", "Pulls that failed.");

    public static UpDownCounter<long> Buffered { get; } = Meter.CreateUpDownCounter<long>("protobridge.client.buffered", "{message}", "Messages that were pulled and are not handled yet.");

    public static UpDownCounter<long> Queues { get; } = Meter.CreateUpDownCounter<long>("protobridge.client.queues", "{queue}", "Queues that consumers of this process were assigned.");

    public static Counter<long> Rebalances { get; } = Meter.CreateCounter<long>("protobridge.client.rebalances", "{rebalance}", "Assignments that changed.");

    public static Counter<long> RouteFailures { get; } = Meter.CreateCounter<long>("protobridge.client.route_failures", "{lookup}", "Route look-ups that no name server answered.");

    /// <summary>By OpenTelemetry's conventions.</summary>
    public static Histogram<double> ProcessSeconds { get; } = Meter.CreateHistogram<double>("messaging.process.duration", "s", "How long handlers took.");

    /// <summary>A handler ended.</summary>
    public static void Processed(TimeSpan took, string topic, string group, bool isSuccess, Exception? error)
    {
        if (ProcessSeconds.Enabled)
        {
            ProcessSeconds.Record(
                took.TotalSeconds,
                new("messaging.system", "rocketmq"),
                new("messaging.operation.name", "process"),
                new("messaging.destination.name", topic),
                new("messaging.consumer.group.name", group),
                new("error.type", error?.GetType().FullName ?? (isSuccess ? null : "retry")));
        }
    }

    public static Counter<long> TracesDropped { get; } = Meter.CreateCounter<long>("protobridge.client.traces_dropped", "{line}", "Lines of the message trace that were not sent.");

    public static Counter<long> TransactionChecks { get; } = Meter.CreateCounter<long>("protobridge.client.transaction_checks", "{question}", "Questions about transactions that a checker answered.");

    public static Counter<long> TransactionChecksDropped { get; } = Meter.CreateCounter<long>("protobridge.client.transaction_checks_dropped", "{question}", "Questions about transactions that found no room.");

    public static Counter<long> IsolatedBrokers { get; } = Meter.CreateCounter<long>("protobridge.client.isolations", "{isolation}", "Times a broker was avoided because it failed or was slow.");
}
