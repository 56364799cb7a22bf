using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>What the hosting tells the log.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(6901, LogLevel.Warning, "The consumer of group {Group} could not be started and is tried again: {Reason}")]
    public static partial void ConsumerNotStarted(this ILogger log, string group, string reason);

    [LoggerMessage(6902, LogLevel.Warning, "Group {Group}: the body of message {MessageId} is not what its handler takes; it becomes a dead letter")]
    public static partial void BodyUnreadable(this ILogger log, Exception exception, string group, string messageId);
}
