using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>Numbers that a client sets for topic names, for the life of its connection [MQTT-3.3.2-7].</summary>
public static class TopicAliasTable
{
    /// <summary>The topic name of a PUBLISH as far as it is known; nothing is judged or remembered.</summary>
    public static ReadOnlyMemory<byte> Peek(MqttSession session, in PublishPacket packet)
    {
        if (!packet.Topic.IsEmpty || session.TopicAliases is not { } aliases)
            return packet.Topic;
        uint alias = packet.Properties.GetNumber(PropertyId.TopicAlias, 0);
        return alias > 0 && alias <= aliases.Length ? aliases[alias - 1] : packet.Topic;
    }

    /// <summary>Finds the topic name of a PUBLISH, and remembers it when it comes with an alias [MQTT-3.3.2-12].</summary>
    public static ProtocolError Resolve(MqttSession session, int maximum, in PublishPacket packet, out ReadOnlyMemory<byte> topic)
    {
        topic = packet.Topic;
        uint alias = packet.Properties.IsEmpty ? 0 : packet.Properties.GetNumber(PropertyId.TopicAlias, 0);
        if (alias == 0)
            return default;
        // [MQTT-3.3.2-9]
        if (alias > maximum)
            return new ProtocolError(ReasonCode.TopicAliasInvalid, "topic alias above the maximum");

        byte[]?[] aliases = session.TopicAliases ??= new byte[maximum][];
        ref byte[]? known = ref aliases[alias - 1];
        if (topic.IsEmpty)
        {
            topic = known;
            return known is null ? ProtocolError.Violation("topic alias that was not set") : default;
        }

        if (!topic.Span.SequenceEqual(known))
            known = topic.ToArray();
        return default;
    }
}
