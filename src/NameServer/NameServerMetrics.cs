using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.NameServer;

/// <summary>What the name server counts.</summary>
internal static class NameServerMetrics
{
    private static readonly Meter Meter = new("ProtoBridgeMQ.NameServer");

    public static readonly UpDownCounter<long> Brokers =
        Meter.CreateUpDownCounter<long>("nameserver.brokers", description: "Registered broker addresses");

    public static readonly UpDownCounter<long> Topics =
        Meter.CreateUpDownCounter<long>("nameserver.topics", description: "Topics with a route");

    public static readonly Counter<long> Registrations =
        Meter.CreateCounter<long>("nameserver.registrations", description: "Registrations taken");

    public static readonly Counter<long> Evictions =
        Meter.CreateCounter<long>("nameserver.evictions", description: "Brokers removed for silence or a closed connection");

    public static readonly Counter<long> UnknownTopics =
        Meter.CreateCounter<long>("nameserver.routes.unknown", description: "Route requests for topics nobody has");

    public static readonly Counter<long> RefusedConnections =
        Meter.CreateCounter<long>("nameserver.connections.refused", description: "Connections over the limit");
}
