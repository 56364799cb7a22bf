using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>What the transport counts, over all connections of the process.</summary>
internal static class RemotingMetrics
{
    public const string MeterName = "ProtoBridgeMQ.Remoting";

    private static readonly Meter Meter = new(MeterName);

    public static readonly UpDownCounter<long> Connections =
        Meter.CreateUpDownCounter<long>("remoting.connections", description: "Open remoting connections");

    public static readonly Counter<long> Connects =
        Meter.CreateCounter<long>("remoting.connects", description: "Connections that were tried as a client, by outcome");

    public static readonly Counter<long> Requests =
        Meter.CreateCounter<long>("remoting.requests", description: "Requests received");

    public static readonly UpDownCounter<long> RequestsInFlight =
        Meter.CreateUpDownCounter<long>("remoting.requests.in_flight", description: "Requests whose handler has not ended");

    public static readonly Counter<long> RequestErrors =
        Meter.CreateCounter<long>("remoting.requests.failed", description: "Requests answered with an error because their handler threw");

    public static readonly Counter<long> UnsupportedRequests =
        Meter.CreateCounter<long>("remoting.requests.unsupported", description: "Requests with a code nobody handles");

    public static readonly Counter<long> Flushes =
        Meter.CreateCounter<long>("remoting.flushes", description: "Flushes of a connection's output");

    public static readonly Counter<long> FramesSent =
        Meter.CreateCounter<long>("remoting.frames.sent", description: "Frames written");

    public static readonly Counter<long> DroppedReplies =
        Meter.CreateCounter<long>("remoting.replies.dropped", description: "Replies to connections that had ended");

    public static readonly Counter<long> Aborts =
        Meter.CreateCounter<long>("remoting.connections.aborted", description: "Connections ended by us, by reason");

    public static readonly Counter<long> RefusedRequests =
        Meter.CreateCounter<long>("remoting.requests.refused", description: "Requests not served because a limit was reached, by limit");

    public static readonly Counter<long> Pauses =
        Meter.CreateCounter<long>("remoting.connections.paused", description: "Times reading paused for a full output or too many requests");

    public static readonly Counter<long> InvokeTimeouts =
        Meter.CreateCounter<long>("remoting.invokes.timed_out", description: "Own requests without an answer in time");

    public static readonly Counter<long> UnmatchedResponses =
        Meter.CreateCounter<long>("remoting.responses.unmatched", description: "Answers nobody waits for any more");
}
