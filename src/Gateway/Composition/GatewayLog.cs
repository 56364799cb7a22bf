namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What the process tells the log.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(7950, LogLevel.Information, "Ready after {Milliseconds} ms: MQTT {Mqtt}, HTTP {Http}, name server {NameServer}, broker {Broker}, durability {Durability}, cluster {Cluster}")]
    public static partial void Ready(this ILogger log, long milliseconds, string mqtt, string http, string nameServer, string broker, string durability, string cluster);

    [LoggerMessage(7951, LogLevel.Warning, "{Warning}")]
    public static partial void SettingIgnored(this ILogger log, string warning);
}
