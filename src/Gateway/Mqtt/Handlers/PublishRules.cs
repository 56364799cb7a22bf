using System.Text.Unicode;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>What a message of a client may be, in a PUBLISH or as a will.</summary>
public static class PublishRules
{
    /// <summary>Judges topic name, properties and payload; success, or why not.</summary>
    public static (ReasonCode Reason, string Text) Judge(MqttOptions options, ReadOnlySpan<byte> topic, PropertyBlock properties, ReadOnlySpan<byte> payload)
    {
        if (TopicRules.CountLevels(topic) > options.TopicLevels)
            return (ReasonCode.TopicNameInvalid, $"topic name of more than {options.TopicLevels} levels");
        // 4.7.2: names that begin with $SYS are the server's own.
        if (topic.StartsWith("$SYS/"u8) || topic.SequenceEqual("$SYS"u8))
            return (ReasonCode.TopicNameInvalid, "$SYS belongs to the server");
        if (properties.GetNumber(PropertyId.PayloadFormatIndicator, 0) == 1 && !Utf8.IsValid(payload))
            return (ReasonCode.PayloadFormatInvalid, "the payload is said to be UTF-8 and is not");
        return default;
    }
}
