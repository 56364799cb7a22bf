using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Client.Diagnostics;

/// <summary>What the client tells the log.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(6001, LogLevel.Warning, "Name server {Address} gives no answer that can be used: {Reason}")]
    public static partial void NameServerFailed(this ILogger log, string address, string reason);

    [LoggerMessage(6002, LogLevel.Warning, "The route of {Topic} could not be refreshed, the known one stays: {Reason}")]
    public static partial void RouteRefreshFailed(this ILogger log, string topic, string reason);

    [LoggerMessage(6003, LogLevel.Debug, "Heartbeat to {Address} failed: {Reason}")]
    public static partial void HeartbeatFailed(this ILogger log, string address, string reason);

    [LoggerMessage(6004, LogLevel.Debug, "Try {Attempt} of a send to {Topic} on {Broker} failed: {Reason}")]
    public static partial void SendTryFailed(this ILogger log, int attempt, string topic, string broker, string reason);

    [LoggerMessage(6005, LogLevel.Information, "Group {Group}: {Gained} queues gained, {Lost} lost, {Kept} in all")]
    public static partial void Assigned(this ILogger log, string group, int gained, int lost, int kept);

    [LoggerMessage(6006, LogLevel.Warning, "Group {Group}: the queues of {Topic} could not be shared out, they stay as they are: {Reason}")]
    public static partial void RebalanceFailed(this ILogger log, string group, string topic, string reason);

    [LoggerMessage(6007, LogLevel.Warning, "Group {Group}: pulling {Queue} at {Offset} failed and is tried again: {Reason}")]
    public static partial void PullFailed(this ILogger log, string group, MessageQueue queue, long offset, string reason);

    [LoggerMessage(6008, LogLevel.Warning, "Group {Group}: {Queue} has no offset {Offset}, it goes on at {NextOffset}")]
    public static partial void OffsetIllegal(this ILogger log, string group, MessageQueue queue, long offset, long nextOffset);

    [LoggerMessage(6009, LogLevel.Warning, "Group {Group}: the handler failed for the message at {Queue} offset {Offset}")]
    public static partial void HandlerFailed(this ILogger log, Exception exception, string group, MessageQueue queue, long offset);

    [LoggerMessage(6010, LogLevel.Warning, "Group {Group}: the message at {Queue} offset {Offset} could not be sent back and is handled again here: {Reason}")]
    public static partial void SendBackFailed(this ILogger log, string group, MessageQueue queue, long offset, string reason);

    [LoggerMessage(6011, LogLevel.Warning, "Group {Group}: progress of {Queue} could not be committed and is tried again: {Reason}")]
    public static partial void CommitFailed(this ILogger log, string group, MessageQueue queue, string reason);

    [LoggerMessage(6012, LogLevel.Warning, "Group {Group}: a broadcast message at {Queue} offset {Offset} was not handled; broadcast messages do not come again")]
    public static partial void BroadcastDropped(this ILogger log, string group, MessageQueue queue, long offset);

    [LoggerMessage(6013, LogLevel.Warning, "Group {Group}: {Count} handlers did not end in time, their messages come again")]
    public static partial void HandlersLeft(this ILogger log, string group, int count);

    [LoggerMessage(6014, LogLevel.Debug, "Leaving group {Group} at {Address} failed: {Reason}")]
    public static partial void UnregisterFailed(this ILogger log, string group, string address, string reason);

    [LoggerMessage(6015, LogLevel.Error, "A background task of the client ended with a defect")]
    public static partial void BackgroundDefect(this ILogger log, Exception exception);

    [LoggerMessage(6016, LogLevel.Warning, "The offsets in {File} cannot be read and are ignored: {Reason}")]
    public static partial void LocalOffsetsUnreadable(this ILogger log, string file, string reason);

    [LoggerMessage(6017, LogLevel.Warning, "A message of {Queue} cannot be read; the pull is tried again: {Reason}")]
    public static partial void MessageUnreadable(this ILogger log, MessageQueue queue, string reason);

    [LoggerMessage(6018, LogLevel.Warning, "The hook {Hook} failed")]
    public static partial void HookFailed(this ILogger log, Exception exception, string hook);

    [LoggerMessage(6019, LogLevel.Warning, "{Count} lines of the message trace could not be sent: {Reason}")]
    public static partial void TraceFailed(this ILogger log, int count, string reason);

    [LoggerMessage(6020, LogLevel.Debug, "A reply came for request {Correlation}, which does not wait")]
    public static partial void ReplyUnmatched(this ILogger log, string? correlation);

    [LoggerMessage(6021, LogLevel.Warning, "A question about a transaction of group {Group} is not answered: {Reason}")]
    public static partial void TransactionCheckIgnored(this ILogger log, string? group, string reason);

    [LoggerMessage(6022, LogLevel.Warning, "Group {Group}: the checker failed for transaction {MessageId}; the broker asks again")]
    public static partial void TransactionCheckFailed(this ILogger log, Exception exception, string group, string messageId);

    [LoggerMessage(6023, LogLevel.Warning, "Group {Group}: the broker did not take the end of transaction {MessageId} and will ask: {Reason}")]
    public static partial void TransactionEndFailed(this ILogger log, string group, string messageId, string reason);

    [LoggerMessage(6024, LogLevel.Warning, "Group {Group}: the queues of broker {Broker} could not be locked and are tried again: {Reason}")]
    public static partial void LockFailed(this ILogger log, string group, string broker, string reason);

    [LoggerMessage(6025, LogLevel.Debug, "Group {Group}: {Queue} could not be unlocked, its lease ends by itself: {Reason}")]
    public static partial void UnlockFailed(this ILogger log, string group, MessageQueue queue, string reason);

    [LoggerMessage(6026, LogLevel.Warning, "Group {Group}: the lock of {Queue} was lost; it is read again from its progress once it is locked")]
    public static partial void LockLost(this ILogger log, string group, MessageQueue queue);
}
