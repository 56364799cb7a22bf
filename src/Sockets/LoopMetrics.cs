using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Sockets;

/// <summary>Counts of all event loops of the process.</summary>
internal static class LoopMetrics
{
    private static readonly Meter Meter = new("ProtoBridgeMQ.Sockets");

    public static readonly UpDownCounter<long> Connections =
        Meter.CreateUpDownCounter<long>("sockets.connections", description: "Connections that the loops serve");

    public static readonly Counter<long> Accepted =
        Meter.CreateCounter<long>("sockets.accepted", description: "Connections accepted");

    public static readonly Counter<long> AcceptFailures = Meter.CreateCounter<long>(
        "sockets.accept_failures", description: "Connections that could not be accepted: the peer went, or there were no file handles");

    public static readonly Counter<long> Received =
        Meter.CreateCounter<long>("sockets.received", "By", "Bytes received");

    public static readonly Counter<long> Sent =
        Meter.CreateCounter<long>("sockets.sent", "By", "Bytes sent");

    public static readonly Counter<long> Pauses =
        Meter.CreateCounter<long>("sockets.paused", description: "Times reading paused because nobody took what had come");
}
