namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>What the bridge to a cluster tells the log.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(7101, LogLevel.Warning, "Reading {Queue} at {Offset} failed and is tried again: {Reason}")]
    public static partial void ReadFailed(this ILogger log, string queue, long offset, string reason);

    [LoggerMessage(7102, LogLevel.Warning, "A tail of {Queue} goes on at {Next}: the queue has no offset {Offset} any more")]
    public static partial void TailMoved(this ILogger log, string queue, long offset, long next);

    [LoggerMessage(7103, LogLevel.Warning, "The body of a message of {Topic} at {Offset} cannot be unpacked and is handed over as it was stored: {Problem}")]
    public static partial void BodyNotUnpacked(this ILogger log, string topic, long offset, string? problem);

    [LoggerMessage(7104, LogLevel.Warning, "Looking for new topics failed and is tried again: {Reason}")]
    public static partial void TopicsFailed(this ILogger log, string reason);

    [LoggerMessage(7105, LogLevel.Information, "Read {Keys} keys of state from {Records} records")]
    public static partial void StateRead(this ILogger log, int keys, long records);

    [LoggerMessage(7106, LogLevel.Warning, "A record of the state at queue offset {Offset} is not one of ours and is left out")]
    public static partial void StateRecordUnknown(this ILogger log, long offset);

    [LoggerMessage(7107, LogLevel.Warning, "Following the state failed and is tried again: {Reason}")]
    public static partial void StateFailed(this ILogger log, string reason);

    [LoggerMessage(7108, LogLevel.Warning, "A tail reads as many queues as it may ({Limit}); those of {Topic} are left out")]
    public static partial void TailFull(this ILogger log, int limit, string topic);

    [LoggerMessage(7109, LogLevel.Error, "A background task of the cluster bridge ended with a defect")]
    public static partial void Defect(this ILogger log, Exception defect);

    [LoggerMessage(7110, LogLevel.Information, "Read where {Messages} retained messages are from {Records} records")]
    public static partial void RetainedRead(this ILogger log, int messages, long records);

    [LoggerMessage(7111, LogLevel.Warning, "Sessions of MQTT clients cannot outlive their connections: broker {Broker} at {Address} gives gateways no queues of topic filters, as only brokers of this project do: {Reason}")]
    public static partial void NoFilterQueues(this ILogger log, string broker, string address, string reason);

    [LoggerMessage(7112, LogLevel.Warning, "Queues of topic filters of broker {Broker} are not watched, which is tried again: {Reason}")]
    public static partial void FiltersNotWatched(this ILogger log, string broker, string reason);

    [LoggerMessage(7113, LogLevel.Warning, "A question about a transaction of group {Group} is left for later: no route names the broker at {Address}")]
    public static partial void QuestionFromUnknown(this ILogger log, string group, string address);

    [LoggerMessage(7114, LogLevel.Warning, "Brokers may not know yet that questions about transactions of group {Group} can be asked here: {Reason}")]
    public static partial void GroupNotTold(this ILogger log, string group, string reason);

    [LoggerMessage(7120, LogLevel.Warning, "The cluster cannot be published to: {Reason}. {Detail}")]
    public static partial void ClusterLost(this ILogger log, string reason, string detail);

    [LoggerMessage(7121, LogLevel.Information, "The cluster can be published to again")]
    public static partial void ClusterFound(this ILogger log);
}
