using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Properties as HTTP names them: user properties under their own names, and the typed fields of MQTT 5 that HTTP has
/// no word for under <c>mqtt.response-topic</c>, <c>mqtt.correlation-data</c>, <c>mqtt.expires-at</c>,
/// <c>mqtt.payload-format</c> and <c>mqtt.retain</c>.
/// </summary>
internal static class PropertyNaming
{
    /// <summary>Appends a property; a typed one must parse, so that devices see it.</summary>
    public static void Write(ReadOnlySpan<char> name, ReadOnlySpan<char> value, ref PropertyTextWriter properties)
    {
        Span<byte> utf8 = stackalloc byte[32];
        if (!Encoding.UTF8.TryGetBytes(name, utf8, out int length) || !IsTyped(utf8[..length]))
        {
            UserPropertyNames.Write(name, value, ref properties);
            return;
        }

        int start = properties.Length;
        properties.Write(utf8[..length], value);
        if (!Parses(new MessageProperties(properties.Written.Text[start..])))
            throw new BridgeException(BridgeError.PropertiesInvalid, $"The property {name} has not the form that docs/mapping.md gives it.");
    }

    /// <summary>The name that HTTP shows; false for what it does not show.</summary>
    public static bool TryRead(ReadOnlySpan<byte> logName, out ReadOnlySpan<byte> name)
    {
        name = logName;
        return IsTyped(logName) || UserPropertyNames.TryRead(logName, out name);
    }

    private static bool IsTyped(ReadOnlySpan<byte> name)
        => name.SequenceEqual(PropertyNames.MqttResponseTopic)
            || name.SequenceEqual(PropertyNames.MqttCorrelationData)
            || name.SequenceEqual(PropertyNames.MqttExpiresAt)
            || name.SequenceEqual(PropertyNames.MqttPayloadFormat)
            || name.SequenceEqual(PropertyNames.MqttRetain);

    private static bool Parses(MessageProperties one)
        => MessageFields.TryReadResponseTopic(one, out _)
            || MessageFields.TryReadCorrelationText(one, out _)
            || MessageFields.TryReadExpiry(one, out _)
            || MessageFields.TryReadPayloadFormat(one, out _)
            || MessageFields.TryReadRetain(one, out _);
}
