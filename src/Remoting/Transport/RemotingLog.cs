using System.Net;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Remoting.Transport;

internal static partial class RemotingLog
{
    [LoggerMessage(1001, LogLevel.Information, "Closed the remoting connection of {Peer}: {Reason}")]
    public static partial void Aborted(ILogger logger, EndPoint? peer, string reason);

    [LoggerMessage(1002, LogLevel.Debug, "The remoting connection of {Peer} ended: {Reason}")]
    public static partial void Ended(ILogger logger, EndPoint? peer, string reason);

    [LoggerMessage(1003, LogLevel.Debug, "{Peer} sent request code {Code}, which nobody handles")]
    public static partial void UnsupportedRequest(ILogger logger, EndPoint? peer, int code);

    [LoggerMessage(1004, LogLevel.Debug, "Request code {Code} of {Peer} was refused: {Message}")]
    public static partial void RequestRefused(ILogger logger, EndPoint? peer, int code, string message);

    [LoggerMessage(1005, LogLevel.Error, "The handler of request code {Code} failed")]
    public static partial void HandlerFailed(ILogger logger, Exception error, int code);

    [LoggerMessage(1006, LogLevel.Error, "The handler of request code {Code} ended without an answer")]
    public static partial void HandlerSilent(ILogger logger, int code);

    [LoggerMessage(1007, LogLevel.Error, "A connection observer failed")]
    public static partial void ObserverFailed(ILogger logger, Exception error);
}
