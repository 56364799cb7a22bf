using System.Diagnostics;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Tracing;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>Makes messages of the log into what sessions share on the way out.</summary>
/// <remarks>Not thread safe: it has room for one name and the properties of one message.</remarks>
public sealed class OutgoingEncoder(OutgoingMessagePool pool)
{
    private readonly PropertyBlockWriter _properties = new();
    private readonly byte[] _name = new byte[MqttTopicName.MaxLength];

    /// <summary>The MQTT topic name of a message, valid until the next call; empty when it has none.</summary>
    public ReadOnlySpan<byte> NameOf(in BridgeMessage message) => _name.AsSpan(0, Math.Max(0, TopicMapping.WriteName(message, _name)));

    /// <summary>When it is of no use any more, Unix milliseconds; 0 for never.</summary>
    public static long ExpiryOf(in BridgeMessage message)
        => MessageFields.TryReadExpiry(message.Properties, out DateTimeOffset expiry) ? Math.Max(1, expiry.ToUnixTimeMilliseconds()) : 0;

    /// <summary>Encodes it. The caller has the first reference.</summary>
    public OutgoingMessage Open(in BridgeMessage message, ReadOnlySpan<byte> name, long expiresAt)
    {
        _properties.Clear();
        MessageProperties5.FromLog(message.Properties, _properties);
        OutgoingMessage outgoing = pool.Rent();
        MessageFields.TryReadRetain(message.Properties, out bool retained);
        outgoing.Open(name, _properties.Block.Bytes.Span, message.Body.Span, expiresAt, retained);
        if (MessageActivities.IsActive && MessageActivities.TryRead(message.Properties, out ActivityContext trace))
            outgoing.TraceBy(trace);
        return outgoing;
    }
}
