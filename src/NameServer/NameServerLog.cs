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

    [LoggerMessage(5, LogLevel.Error, "{File} cannot be written: the change was refused")]
    public static partial void NotKept(ILogger logger, string file, Exception error);

    [LoggerMessage(6, LogLevel.Information, "Writing to broker {Name} is forbidden in the routes of {Topics} topics, by {Peer}")]
    public static partial void WritingForbidden(ILogger logger, string name, int topics, System.Net.EndPoint? peer);

    [LoggerMessage(7, LogLevel.Information, "Writing to broker {Name} is allowed in the routes of {Topics} topics, by {Peer}")]
    public static partial void WritingAllowed(ILogger logger, string name, int topics, System.Net.EndPoint? peer);

    [LoggerMessage(8, LogLevel.Information, "Settings were changed by {Peer}")]
    public static partial void SettingsChanged(ILogger logger, System.Net.EndPoint? peer);

    [LoggerMessage(9, LogLevel.Debug, "Broker {Address} was not told of the lowest id of {Name}: {Reason}")]
    public static partial void NotTold(ILogger logger, string address, string name, string reason);
}
