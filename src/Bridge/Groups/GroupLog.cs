using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>What group consumption tells the log.</summary>
internal static partial class GroupLog
{
    [LoggerMessage(5001, LogLevel.Warning, "Group {Group}: reading {Topic} queue {QueueId} failed and is tried again: {Reason}")]
    public static partial void ReadFailed(this ILogger log, string group, string topic, int queueId, string reason);

    [LoggerMessage(5002, LogLevel.Warning, "Group {Group}: sending back a message of {Topic} at {Offset} failed and is tried again: {Reason}")]
    public static partial void SendBackFailed(this ILogger log, string group, string topic, long offset, string reason);

    [LoggerMessage(5003, LogLevel.Warning, "Group {Group}: saving progress of {Topic} queue {QueueId} failed and is tried again: {Reason}")]
    public static partial void CommitFailed(this ILogger log, string group, string topic, int queueId, string reason);

    [LoggerMessage(5004, LogLevel.Warning, "Group {Group}: taking over the assigned queues failed and is tried again: {Reason}")]
    public static partial void AssignmentFailed(this ILogger log, string group, string reason);

    [LoggerMessage(5005, LogLevel.Information, "Group {Group}: joined for {Subscriber}")]
    public static partial void Joined(this ILogger log, string group, string subscriber);

    [LoggerMessage(5006, LogLevel.Information, "Group {Group}: left")]
    public static partial void Left(this ILogger log, string group);

    [LoggerMessage(5007, LogLevel.Error, "Group {Group}: {Count} messages of {Topic} queue {QueueId} from offset {Offset} on were deleted before the group read them")]
    public static partial void Missed(this ILogger log, string group, long count, string topic, int queueId, long offset);

    [LoggerMessage(5008, LogLevel.Debug, "Group {Group}: {Gained} queues gained, {Lost} lost, {Kept} in all")]
    public static partial void Assigned(this ILogger log, string group, int gained, int lost, int kept);
}
