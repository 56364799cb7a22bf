using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>Which RocketMQ topics an MQTT topic filter can match.</summary>
public static class FilterSelection
{
    /// <summary>
    /// The one topic, when the filter's first level (of a <c>$rmq/</c> filter the second) has no wildcard; null when
    /// it has one, so that every topic may match.
    /// </summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>: no topic can have that first level.</exception>
    public static string? TopicOf(ReadOnlySpan<byte> filter, TopicNameCache cache)
    {
        MqttTopicName cut = MqttTopicName.Cut(filter);
        if (cut.Head.ContainsAny((byte)'+', (byte)'#'))
        {
            return null;
        }

        if (!cut.IsRaw)
        {
            return cache.GetTopic(cut.Head);
        }

        string topic = System.Text.Encoding.UTF8.GetString(cut.Head);
        TopicNames.ThrowIfInvalid(topic);
        return topic;
    }
}
