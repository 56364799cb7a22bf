namespace ProtoBridgeMQ.NameServer;

internal static partial class NameServerLog
{
    [LoggerMessage(1, LogLevel.Information, "Broker {Name} ({Id}) of cluster {Cluster} registered at {Address}")]
    public static partial void Registered(ILogger logger, string name, long id, string cluster, string address);

    [LoggerMessage(2, LogLevel.Information, "Broker {Name} at {Address} left: {Reason}")]
    public static partial void Removed(ILogger logger, string name, string address, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Broker {Name} at {Address} registers an older state than the one known; ignored")]
    public static partial void Stale(ILogger logger, string name, string address);

    [LoggerMessage(4, LogLevel.Warning, "{Count} connections are open: refused one of {Peer}")]
    public static partial void TooManyConnections(ILogger logger, int count, System.Net.EndPoint? peer);
}
