using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>The one place where the will of a CONNECT is accepted or refused.</summary>
public static class WillRules
{
    /// <summary>Judges it by what a PUBLISH of the same message would be judged by.</summary>
    public static ProtocolError Judge(MqttOptions options, Will will)
    {
        (ReasonCode reason, string text) = PublishRules.Judge(options, System.Text.Encoding.UTF8.GetBytes(will.Topic), will.Properties, will.Payload.Span);
        return reason == ReasonCode.Success ? default : new ProtocolError(reason, "will: " + text);
    }
}
