using System.Net;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>What the front says. Clients' mistakes are Information at most; Warning is for operators; Error for defects.</summary>
internal static partial class MqttLog
{
    [LoggerMessage(7301, LogLevel.Debug, "MQTT {Connection}: {ClientId} connected, version {Version}, keep alive {KeepAlive} s")]
    public static partial void Connected(ILogger logger, string connection, string clientId, ProtocolVersion version, int keepAlive);

    [LoggerMessage(7302, LogLevel.Debug, "MQTT {Connection}: {ClientId} disconnected")]
    public static partial void Disconnected(ILogger logger, string connection, string? clientId);

    [LoggerMessage(7303, LogLevel.Information, "MQTT {Connection}: {ClientId} closed: {Reason}, {Text}")]
    public static partial void Closed(ILogger logger, string connection, string? clientId, ReasonCode reason, string text);

    [LoggerMessage(7304, LogLevel.Information, "MQTT {Connection}: CONNECT of {ClientId} from {Remote} refused: {Reason}, {Text}")]
    public static partial void ConnectRefused(ILogger logger, string connection, string clientId, IPEndPoint? remote, ReasonCode reason, string text);

    [LoggerMessage(7305, LogLevel.Warning, "MQTT {Connection}: closed, there are already {Limit} connections")]
    public static partial void TooManyConnections(ILogger logger, string connection, int limit);

    [LoggerMessage(7307, LogLevel.Information, "MQTT {Connection}: PUBLISH of {ClientId} refused: {Reason}, {Text}")]
    public static partial void PublishRefused(ILogger logger, string connection, string clientId, ReasonCode reason, string text);

    [LoggerMessage(7308, LogLevel.Information, "MQTT {Connection}: SUBSCRIBE of {ClientId} to {Filter} refused: {Reason}, {Text}")]
    public static partial void SubscribeRefused(ILogger logger, string connection, string clientId, string filter, ReasonCode reason, string text);

    [LoggerMessage(7309, LogLevel.Warning, "MQTT: the stream of messages broke ({Text}); it is opened again in {Retry}")]
    public static partial void StreamBroke(ILogger logger, string text, TimeSpan retry);

    [LoggerMessage(7310, LogLevel.Error, "MQTT: a defect")]
    public static partial void Defect(ILogger logger, Exception exception);

    [LoggerMessage(7311, LogLevel.Debug, "MQTT {Connection}: the network connection broke: {Text}")]
    public static partial void NetworkBroke(ILogger logger, string connection, string text);

    [LoggerMessage(7370, LogLevel.Debug, "MQTT {Connection}: {Filter}: a message that was {Outcome} could not be settled: {Text}")]
    public static partial void NotSettled(ILogger logger, string connection, string filter, string outcome, string text);

    [LoggerMessage(7371, LogLevel.Warning, "MQTT {Connection}: {Filter}: topic {Topic} is not consumed: {Text}")]
    public static partial void TopicNotFollowed(ILogger logger, string connection, string filter, string topic, string text);

    [LoggerMessage(7372, LogLevel.Warning, "MQTT: topics for shared subscriptions were not looked up: {Text}")]
    public static partial void TopicsNotListed(ILogger logger, string text);

    [LoggerMessage(7360, LogLevel.Warning, "MQTT: retained messages were not sent to {ClientId}: {Text}")]
    public static partial void RetainedFailed(ILogger logger, string clientId, string text);

    [LoggerMessage(7361, LogLevel.Warning, "MQTT: the latest retained messages are not known: {Text}")]
    public static partial void RetainedNotLatest(ILogger logger, string text);
}
