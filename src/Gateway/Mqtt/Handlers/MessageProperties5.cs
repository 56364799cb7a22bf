using System.Buffers;
using System.Buffers.Text;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Handlers;

/// <summary>MQTT 5 PUBLISH properties &lt;-&gt; the properties of a message in the log; the table is in docs/mapping.md.</summary>
public static class MessageProperties5
{
    private const int StackLimit = 512;

    /// <summary>The client that published, written only where a subscription with no-local may have to know it.</summary>
    public static ReadOnlySpan<byte> ClientName => "mqtt.client"u8;

    /// <summary>The QoS it was published at, written when that is not 1: what other protocols publish counts as 1.</summary>
    public static ReadOnlySpan<byte> QosName => "mqtt.qos"u8;

    /// <summary>The QoS that a message of the log was published at.</summary>
    public static byte QosOf(MessageProperties log)
    {
        if (!log.TryGet(QosName, out ReadOnlySpan<byte> qos))
            return 1;
        return qos.SequenceEqual("0"u8) ? (byte)0 : qos.SequenceEqual("2"u8) ? (byte)2 : (byte)1;
    }

    /// <summary>Appends the QoS of a PUBLISH, unless it is the one that goes without saying.</summary>
    public static void WriteQos(byte qos, ref PropertyTextWriter log)
    {
        if (qos != 1)
            log.Write(QosName, qos == 0 ? "0"u8 : "2"u8);
    }

    /// <summary>Appends what the PUBLISH says about its message.</summary>
    /// <exception cref="Bridge.BridgeException">A name or value has a character that the log cannot keep.</exception>
    public static void ToLog(PropertyBlock packet, DateTimeOffset now, ref PropertyTextWriter log)
    {
        foreach (PropertyBlock.Property property in packet)
        {
            switch (property.Id)
            {
                case PropertyId.PayloadFormatIndicator:
                    MessageFields.WritePayloadFormat(property.Number == 1, ref log);
                    break;
                case PropertyId.MessageExpiryInterval:
                    MessageFields.WriteExpiry(now.AddSeconds(property.Number), ref log);
                    break;
                case PropertyId.ContentType:
                    MessageFields.WriteContentType(property.Value, ref log);
                    break;
                case PropertyId.ResponseTopic:
                    MessageFields.WriteResponseTopic(property.Value, ref log);
                    break;
                case PropertyId.CorrelationData:
                    MessageFields.WriteCorrelationData(property.Value, ref log);
                    break;
                case PropertyId.UserProperty:
                    UserPropertyNames.Write(property.Name, property.Value, ref log);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Appends what the log says about a message, but for its expiry, which is counted down when it is sent
    /// [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20].</summary>
    public static void FromLog(MessageProperties log, PropertyBlockWriter packet)
    {
        if (log.Text.IsEmpty)
            return;
        if (MessageFields.TryReadPayloadFormat(log, out bool isText))
            packet.Add(PropertyId.PayloadFormatIndicator, isText ? 1u : 0u);
        if (MessageFields.TryReadContentType(log, out ReadOnlySpan<byte> contentType) && FitsString(contentType))
            packet.Add(PropertyId.ContentType, contentType);
        if (MessageFields.TryReadResponseTopic(log, out ReadOnlySpan<byte> responseTopic))
            packet.Add(PropertyId.ResponseTopic, responseTopic);
        AddCorrelationData(log, packet);
        foreach (MessageProperties.Property property in log)
        {
            if (UserPropertyNames.TryRead(property.Name, out ReadOnlySpan<byte> name) && FitsString(name) && FitsString(property.Value))
                packet.AddUser(name, property.Value);
        }
    }

    private static void AddCorrelationData(MessageProperties log, PropertyBlockWriter packet)
    {
        if (!MessageFields.TryReadCorrelationText(log, out ReadOnlySpan<byte> text))
            return;
        int room = Base64Url.GetMaxDecodedLength(text.Length);
        byte[]? rented = room > StackLimit ? ArrayPool<byte>.Shared.Rent(room) : null;
        Span<byte> data = rented ?? stackalloc byte[StackLimit];
        if (MessageFields.TryReadCorrelationData(log, data, out int length) && length <= ushort.MaxValue)
            packet.Add(PropertyId.CorrelationData, data[..length]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Other clients may write what no MQTT string can be.</summary>
    private static bool FitsString(ReadOnlySpan<byte> text)
        => text.Length <= ushort.MaxValue && System.Text.Unicode.Utf8.IsValid(text) && !text.Contains((byte)0);
}
