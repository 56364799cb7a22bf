using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Sockets;

internal static partial class LoopLog
{
    [LoggerMessage(EventId = 8001, Level = LogLevel.Error, Message = "A connection failed on its event loop and is closed")]
    public static partial void ConnectionFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 8002, Level = LogLevel.Debug, Message = "A connection was not accepted: {Reason}")]
    public static partial void NotAccepted(ILogger logger, string reason);

    [LoggerMessage(EventId = 8003, Level = LogLevel.Warning, Message = "Connections to {EndPoint} are not accepted: {Reason}. Said once a minute; sockets.accept_failures counts")]
    public static partial void NoFiles(ILogger logger, System.Net.EndPoint endPoint, string reason);
}
