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

    [LoggerMessage(7205, LogLevel.Warning, "Alarm {Name} ({Severity}): {Text}")]
    public static partial void AlarmBegan(ILogger logger, string name, string severity, string text);

    [LoggerMessage(7206, LogLevel.Information, "Alarm {Name} is over")]
    public static partial void AlarmOver(ILogger logger, string name);

    [LoggerMessage(7207, LogLevel.Warning, "Alarms could not be looked for: {Reason}")]
    public static partial void AlarmsNotSeen(ILogger logger, string reason);

    [LoggerMessage(7211, LogLevel.Warning, "The ends of topic {Topic} could not be seen, event streams of it wait: {Reason}")]
    public static partial void FeedFailed(ILogger logger, string topic, string reason);

    [LoggerMessage(7212, LogLevel.Warning, "Webhook {Id} is interrupted, it goes on after a pause: {Reason}")]
    public static partial void WebhookInterrupted(ILogger logger, string id, string reason);

    [LoggerMessage(7213, LogLevel.Warning, "Webhook {Id} did not take message {MessageId} at attempt {Attempt}, the last: {Reason}. It is a dead letter of the group")]
    public static partial void WebhookDeadLetter(ILogger logger, string id, string messageId, int attempt, string reason);

    [LoggerMessage(7214, LogLevel.Debug, "Webhook {Id}: message {MessageId} could not be settled and comes again: {Reason}")]
    public static partial void WebhookNotSettled(ILogger logger, string id, string messageId, string reason);

    [LoggerMessage(7215, LogLevel.Warning, "Webhook {Id} in the gateway's state cannot be read; it is left alone")]
    public static partial void WebhookUnreadable(ILogger logger, string id);

    [LoggerMessage(7216, LogLevel.Warning, "The webhooks could not be read: {Reason}")]
    public static partial void WebhooksNotRead(ILogger logger, string reason);
}
