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
}
