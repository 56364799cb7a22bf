namespace ProtoBridgeMQ.NameServer;

internal static partial class NameServerLog
{
    [LoggerMessage(3001, LogLevel.Information, "Broker {Name} ({Id}) of cluster {Cluster} registered at {Address}")]
    public static partial void Registered(ILogger logger, string name, long id, string cluster, string address);

    [LoggerMessage(3002, LogLevel.Information, "Broker {Name} at {Address} left: {Reason}")]
    public static partial void Removed(ILogger logger, string name, string address, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "Broker {Name} at {Address} registers an older state than the one known; ignored")]
    public static partial void Stale(ILogger logger, string name, string address);

    [LoggerMessage(3004, LogLevel.Warning, "{Count} connections are open: refused one of {Peer}")]
    public static partial void TooManyConnections(ILogger logger, int count, System.Net.EndPoint? peer);

    [LoggerMessage(3005, LogLevel.Error, "{File} cannot be written: the change was refused")]
    public static partial void NotKept(ILogger logger, string file, Exception error);

    [LoggerMessage(3006, LogLevel.Information, "Writing to broker {Name} is forbidden in the routes of {Topics} topics, by {Peer}")]
    public static partial void WritingForbidden(ILogger logger, string name, int topics, System.Net.EndPoint? peer);

    [LoggerMessage(3007, LogLevel.Information, "Writing to broker {Name} is allowed in the routes of {Topics} topics, by {Peer}")]
    public static partial void WritingAllowed(ILogger logger, string name, int topics, System.Net.EndPoint? peer);

    [LoggerMessage(3008, LogLevel.Information, "Settings were changed by {Peer}")]
    public static partial void SettingsChanged(ILogger logger, System.Net.EndPoint? peer);

    [LoggerMessage(3009, LogLevel.Debug, "Broker {Address} was not told of the lowest id of {Name}: {Reason}")]
    public static partial void NotTold(ILogger logger, string address, string name, string reason);
}
