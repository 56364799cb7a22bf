using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Sockets;

/// <summary>Counts of all event loops of the process.</summary>
internal static class LoopMetrics
{
    private static readonly Meter Meter = new("ProtoBridgeMQ.Sockets");

    public static readonly UpDownCounter<long> Connections = Meter.CreateUpDownCounter<long>("sockets.connections");
    public static readonly Counter<long> Accepted = Meter.CreateCounter<long>("sockets.accepted");
    public static readonly Counter<long> AcceptFailures = Meter.CreateCounter<long>("sockets.accept.failures");
    public static readonly Counter<long> Received = Meter.CreateCounter<long>("sockets.received", "By");
    public static readonly Counter<long> Sent = Meter.CreateCounter<long>("sockets.sent", "By");
    public static readonly Counter<long> Pauses = Meter.CreateCounter<long>("sockets.pauses");
}
