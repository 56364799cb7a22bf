namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>What traces tell the log.</summary>
internal static partial class TracingLog
{
    [LoggerMessage(7960, LogLevel.Warning, "{Count} lines of the message trace could not be stored: {Reason}")]
    public static partial void TraceFailed(this ILogger log, int count, string reason);
}
