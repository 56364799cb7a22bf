namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>What the embedded bridge tells the log.</summary>
internal static partial class EmbeddedLog
{
    [LoggerMessage(7001, LogLevel.Warning, "The body of a message of {Topic} at {PhysicalOffset} cannot be unpacked and is handed over as it was stored: {Problem}")]
    public static partial void BodyNotUnpacked(this ILogger log, string topic, long physicalOffset, string? problem);

    [LoggerMessage(7002, LogLevel.Information, "Read {Keys} keys of state from {Records} records")]
    public static partial void StateRead(this ILogger log, int keys, long records);

    [LoggerMessage(7003, LogLevel.Warning, "A record of the state at queue offset {Offset} is not one of ours and is left out")]
    public static partial void StateRecordUnknown(this ILogger log, long offset);

    [LoggerMessage(7004, LogLevel.Information, "Read where {Messages} retained messages are from {Records} records")]
    public static partial void RetainedRead(this ILogger log, int messages, long records);

    [LoggerMessage(7005, LogLevel.Error, "Retained messages that other gateways write are not followed any more")]
    public static partial void RetainedNotFollowed(this ILogger log, Exception exception);
}
