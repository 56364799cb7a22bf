namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

// These are both what is written and what the document says.

/// <summary>Everything at a glance.</summary>
/// <param name="At">When it was looked at.</param>
/// <param name="Version">Version of this gateway.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="UptimeSeconds">For how long it runs.</param>
/// <param name="Cluster">`embedded`, or the name servers.</param>
/// <param name="Durability">What an acknowledgement promises.</param>
/// <param name="CanPublish">Whether messages can be published.</param>
/// <param name="CanReceive">Whether messages can be received.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Rates">Messages a second, in all and by protocol.</param>
/// <param name="PublishLatency">How long publishes by HTTP and MQTT took in the last minute.</param>
/// <param name="Lag">Messages that groups have before them.</param>
/// <param name="Disk">The disk of the fullest broker; absent where brokers do not say.</param>
/// <param name="Connections">Connections by protocol.</param>
/// <param name="Retained">Retained messages.</param>
/// <param name="Brokers">The brokers.</param>
/// <param name="Alarms">What needs to be looked after, the worst first.</param>
internal sealed record Overview(
    DateTimeOffset At,
    string Version,
    DateTimeOffset StartedAt,
    double UptimeSeconds,
    string Cluster,
    string Durability,
    bool CanPublish,
    bool CanReceive,
    string? Reason,
    OverviewRates Rates,
    OverviewLatency PublishLatency,
    OverviewLag Lag,
    OverviewDisk? Disk,
    IReadOnlyDictionary<string, int> Connections,
    OverviewRetained Retained,
    IReadOnlyList<OverviewBroker> Brokers,
    IReadOnlyList<Alarm> Alarms);

/// <summary>Messages a second over the last ten seconds.</summary>
/// <param name="In">Published, by all protocols.</param>
/// <param name="Out">Handed to consumers, by all protocols.</param>
/// <param name="Protocols">By protocol.</param>
internal sealed record OverviewRates(double In, double Out, IReadOnlyList<ProtocolRates> Protocols);

/// <summary>Messages of one protocol.</summary>
/// <param name="Protocol">`mqtt`, `http` or `remoting`.</param>
/// <param name="In">Published, a second.</param>
/// <param name="Out">Handed to consumers, a second.</param>
/// <param name="MessagesIn">Published since the start.</param>
/// <param name="MessagesOut">Handed to consumers since the start.</param>
internal sealed record ProtocolRates(string Protocol, double In, double Out, long MessagesIn, long MessagesOut);

/// <summary>How long publishes took, from their arrival to their durable answer; without publishes there are no times.</summary>
/// <param name="P50Ms">Half of them took at most this, in milliseconds.</param>
/// <param name="P99Ms">99 of 100 took at most this, in milliseconds.</param>
/// <param name="Count">How many there were.</param>
/// <param name="WindowSeconds">In how long a time.</param>
internal sealed record OverviewLatency(double? P50Ms, double? P99Ms, long Count, double WindowSeconds);

/// <summary>Messages that groups have before them.</summary>
/// <param name="Total">Of all groups.</param>
/// <param name="Groups">Groups that were counted.</param>
/// <param name="IsPartial">Whether there are more groups than are counted, or some did not answer.</param>
/// <param name="Largest">The groups with the most, at most ten.</param>
internal sealed record OverviewLag(long Total, int Groups, bool IsPartial, IReadOnlyList<GroupLagTotal> Largest);

/// <summary>Messages that a group has before it.</summary>
/// <param name="Group">Group.</param>
/// <param name="Lag">Messages.</param>
internal sealed record GroupLagTotal(string Group, long Lag);

/// <summary>A disk.</summary>
/// <param name="Broker">Whose it is.</param>
/// <param name="Path">Directory of the store.</param>
/// <param name="TotalBytes">Size.</param>
/// <param name="FreeBytes">Free.</param>
/// <param name="UsedShare">Share in use, 0 to 1.</param>
/// <param name="Watermark">Share from which messages are refused.</param>
/// <param name="CleanWatermark">Share from which old messages are deleted before their time.</param>
/// <param name="StoreBytes">Bytes of the commit log.</param>
internal sealed record OverviewDisk(
    string Broker, string Path, long TotalBytes, long FreeBytes, double UsedShare, double Watermark, double CleanWatermark, long? StoreBytes);

/// <summary>Retained messages.</summary>
/// <param name="Count">How many.</param>
/// <param name="Bytes">Bytes in the log.</param>
internal sealed record OverviewRetained(int Count, long Bytes);

/// <summary>A broker.</summary>
/// <param name="Name">Name.</param>
/// <param name="Cluster">Cluster.</param>
/// <param name="Address">Where clients reach it.</param>
/// <param name="Version">What it calls itself.</param>
/// <param name="CanWrite">Whether it takes messages.</param>
/// <param name="CanRead">Whether it gives messages.</param>
/// <param name="Reason">Why not, or what needs to be looked after.</param>
/// <param name="StartedAt">When it started; absent where it does not say.</param>
/// <param name="StoreBytes">Bytes of its commit log; absent where it does not say.</param>
/// <param name="NameServers">Name servers that it registers at.</param>
/// <param name="NameServersReached">How many of them know it now.</param>
internal sealed record OverviewBroker(
    string Name, string Cluster, string Address, string Version, bool CanWrite, bool CanRead, string? Reason, DateTimeOffset? StartedAt, long? StoreBytes, int NameServers, int NameServersReached);

/// <summary>Something that needs to be looked after.</summary>
/// <param name="Id">Stable: `disk-full`, `disk-near-full`, `read-only`, `unreachable`, `name-server-lost`, `store`, `growing-lag`, `dead-letters`.</param>
/// <param name="Severity">`critical` or `warning`.</param>
/// <param name="Text">What it is, for people.</param>
internal sealed record Alarm(string Id, string Severity, string Text);
