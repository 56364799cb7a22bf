namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>What is said about wills.</summary>
internal static partial class WillLog
{
    [LoggerMessage(7341, LogLevel.Information, "MQTT: the will of {ClientId} was refused: {Text}")]
    public static partial void Refused(ILogger logger, string clientId, string text);

    [LoggerMessage(7342, LogLevel.Warning, "MQTT: the will of {ClientId} could not be published ({Text}); it is tried again in {Retry}")]
    public static partial void Delayed(ILogger logger, string clientId, string text, TimeSpan retry);

    [LoggerMessage(7343, LogLevel.Warning, "MQTT: the wills of gateways that are gone could not be looked for: {Text}")]
    public static partial void SweepFailed(ILogger logger, string text);
}
