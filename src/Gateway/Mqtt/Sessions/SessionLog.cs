namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>What is said of sessions that outlive their connections.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(7351, LogLevel.Warning, "MQTT: the session of {ClientId} could not be saved: {Text}")]
    public static partial void NotSaved(ILogger logger, string clientId, string text);

    [LoggerMessage(7352, LogLevel.Debug, "MQTT: the session of {ClientId} has ended")]
    public static partial void Ended(ILogger logger, string clientId);

    [LoggerMessage(7353, LogLevel.Warning, "MQTT: sessions could not be looked through: {Text}")]
    public static partial void SweepFailed(ILogger logger, string text);

    [LoggerMessage(7354, LogLevel.Warning, "MQTT: the queues of the session of {ClientId} could not be read: {Text}")]
    public static partial void ReadFailed(ILogger logger, string clientId, string text);

    [LoggerMessage(7356, LogLevel.Warning, "MQTT: a shared subscription of the session of {ClientId} is not in force: {Text}")]
    public static partial void NotRestored(ILogger logger, string clientId, string text);

    [LoggerMessage(7357, LogLevel.Warning, "MQTT: other gateways could not be told that {ClientId} is here: {Text}")]
    public static partial void NotClaimed(ILogger logger, string clientId, string text);

    [LoggerMessage(7358, LogLevel.Warning, "MQTT: gateway {Owner} did not give {ClientId} up within {Patience}; its session goes on from what was saved")]
    public static partial void NotReleased(ILogger logger, string clientId, string owner, TimeSpan patience);

    [LoggerMessage(7355, LogLevel.Warning, "MQTT: the queue of filter {Filter} is gone; the session of {ClientId} begins it again")]
    public static partial void QueueGone(ILogger logger, string clientId, string filter);
}
