using System.Buffers;
using System.Buffers.Text;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>
/// The typed fields that MQTT 5 and HTTP know and RocketMQ has no property of its own for; docs/mapping.md has the
/// whole table. What another client wrote under these names and does not parse reads as absent.
/// </summary>
public static class MessageFields
{
    /// <summary>Content type, as it is.</summary>
    public static void WriteContentType(ReadOnlySpan<byte> value, ref PropertyTextWriter properties)
        => properties.Write(PropertyNames.MqttContentType, value);

    /// <summary>Content type; false when absent.</summary>
    public static bool TryReadContentType(MessageProperties properties, out ReadOnlySpan<byte> value)
        => properties.TryGet(PropertyNames.MqttContentType, out value);

    /// <summary>Response topic (an MQTT topic name), as it is.</summary>
    public static void WriteResponseTopic(ReadOnlySpan<byte> value, ref PropertyTextWriter properties)
        => properties.Write(PropertyNames.MqttResponseTopic, value);

    /// <summary>Response topic; false when absent or not a topic name.</summary>
    public static bool TryReadResponseTopic(MessageProperties properties, out ReadOnlySpan<byte> value)
        => properties.TryGet(PropertyNames.MqttResponseTopic, out value) && MqttTopicName.IsValid(value);

    /// <summary>Correlation data: binary, as base64url without padding.</summary>
    public static void WriteCorrelationData(ReadOnlySpan<byte> value, ref PropertyTextWriter properties)
        => properties.WriteBinary(PropertyNames.MqttCorrelationData, value);

    /// <summary>
    /// Correlation data as it stands in the log, base64url; false when absent or not base64url.
    /// <see cref="Base64Url.GetMaxDecodedLength"/> says the room that decoding needs.
    /// </summary>
    public static bool TryReadCorrelationText(MessageProperties properties, out ReadOnlySpan<byte> base64Url)
        => properties.TryGet(PropertyNames.MqttCorrelationData, out base64Url) && Base64Url.IsValid(base64Url);

    /// <summary>Correlation data; false when absent, not base64url, or the destination is too small.</summary>
    public static bool TryReadCorrelationData(MessageProperties properties, Span<byte> destination, out int length)
    {
        length = 0;
        return TryReadCorrelationText(properties, out ReadOnlySpan<byte> text)
            && Base64Url.DecodeFromUtf8(text, destination, out _, out length) == OperationStatus.Done;
    }

    /// <summary>When the message is of no use any more.</summary>
    public static void WriteExpiry(DateTimeOffset expiresAt, ref PropertyTextWriter properties)
        => properties.Write(PropertyNames.MqttExpiresAt, expiresAt.ToUnixTimeMilliseconds());

    /// <summary>When the message is of no use any more; false when it never is.</summary>
    public static bool TryReadExpiry(MessageProperties properties, out DateTimeOffset expiresAt)
    {
        expiresAt = default;
        if (!properties.TryGet(PropertyNames.MqttExpiresAt, out ReadOnlySpan<byte> text)
            || !Utf8Parser.TryParse(text, out long time, out int used)
            || used != text.Length
            || time < DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            || time > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(time);
        return true;
    }

    /// <summary>Says that a message is the retained one of its MQTT topic name; the publish is to say so, too.</summary>
    public static void WriteRetain(ref PropertyTextWriter properties) => properties.Write(PropertyNames.MqttRetain, "1"u8);

    /// <summary>Whether a message is the retained one of its MQTT topic name; false when that is not said.</summary>
    public static bool TryReadRetain(MessageProperties properties, out bool retain)
    {
        bool present = properties.TryGet(PropertyNames.MqttRetain, out ReadOnlySpan<byte> text);
        retain = text.SequenceEqual("1"u8);
        return present && (retain || text.SequenceEqual("0"u8));
    }

    /// <summary>Payload format indicator: whether the body is said to be UTF-8.</summary>
    public static void WritePayloadFormat(bool isText, ref PropertyTextWriter properties)
        => properties.Write(PropertyNames.MqttPayloadFormat, isText ? "1"u8 : "0"u8);

    /// <summary>Payload format indicator; false when absent.</summary>
    public static bool TryReadPayloadFormat(MessageProperties properties, out bool isText)
    {
        bool present = properties.TryGet(PropertyNames.MqttPayloadFormat, out ReadOnlySpan<byte> text);
        isText = text.SequenceEqual("1"u8);
        return present && (isText || text.SequenceEqual("0"u8));
    }
}
