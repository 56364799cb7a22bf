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

    public static readonly Counter<long> RegistrationBytes =
        Meter.CreateCounter<long>("nameserver.registrations.bytes", unit: "By", description: "Bytes of the bodies of registrations");

    public static readonly Counter<long> StaleRegistrations =
        Meter.CreateCounter<long>("nameserver.registrations.stale", description: "Registrations refused because another broker of that id has a newer state");

    public static readonly Counter<long> RefusedTopics =
        Meter.CreateCounter<long>("nameserver.topics.refused", description: "Registrations refused because of the limit on topics");

    public static readonly Counter<long> NotReady =
        Meter.CreateCounter<long>("nameserver.routes.not_ready", description: "Route requests refused because the name server waits for brokers");

    public static readonly Counter<long> Notices =
        Meter.CreateCounter<long>("nameserver.notices", description: "Brokers told that another of their set has the lowest id");

    public static readonly UpDownCounter<long> ConfigEntries =
        Meter.CreateUpDownCounter<long>("nameserver.config.entries", description: "Stored configuration values");
}
