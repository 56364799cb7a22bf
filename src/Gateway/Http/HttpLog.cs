namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>Log events of the front.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(7201, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, string method, string path, Exception failure);

    [LoggerMessage(7202, LogLevel.Debug, "{Method} {Path} refused: {Problem}, {Detail}")]
    public static partial void RequestRefused(ILogger logger, string method, string path, string problem, string detail);

    [LoggerMessage(7204, LogLevel.Information, "Change: {Action} {What} by {User} from {From}: {Detail}")]
    public static partial void Changed(ILogger logger, string action, string what, string user, string from, string detail);

    [LoggerMessage(7203, LogLevel.Warning, "Group stream of {Group} on {Topic} could not be closed")]
    public static partial void StreamNotClosed(ILogger logger, string group, string topic, Exception failure);

    [LoggerMessage(7204, LogLevel.Warning, "The ends of topic {Topic} could not be seen, event streams of it wait: {Reason}")]
    public static partial void FeedFailed(ILogger logger, string topic, string reason);
}
