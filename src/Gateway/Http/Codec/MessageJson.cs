using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Requests;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>A message as JSON: in answers to receive, and in event streams.</summary>
internal static class MessageJson
{
    /// <summary>Writes the message as an object; the receipt only for deliveries of a group.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="message">The message.</param>
    /// <param name="receipt">Of a delivery.</param>
    /// <param name="missing">Messages directly before it that are not kept any more, besides those that it says itself.</param>
    public static void Write(Utf8JsonWriter writer, in BridgeMessage message, ReceiptHandle? receipt, long missing = 0)
    {
        writer.WriteStartObject();
        writer.WriteString("messageId"u8, message.MessageId.ToString());
        writer.WriteString("topic"u8, message.Topic);
        if (message.Properties.TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag))
            WriteText(writer, "tag"u8, tag);

        WriteContentType(writer, message.Properties);
        WriteKeys(writer, message.Properties);
        WriteProperties(writer, message.Properties);
        WriteBody(writer, message.Body.Span);
        if (ReplyAddress.Of(message.Properties) is { } replyTo)
            writer.WriteString("replyTo"u8, ReplyToken.Write(replyTo));

        writer.WriteString("bornAt"u8, message.BornAt);
        writer.WriteString("storedAt"u8, message.StoredAt);
        writer.WriteNumber("queueId"u8, message.QueueId);
        writer.WriteNumber("offset"u8, message.QueueOffset);
        if (message.Missing + missing > 0)
            writer.WriteNumber("missing"u8, message.Missing + missing);

        if (receipt is { } handle)
        {
            writer.WriteNumber("attempt"u8, message.Attempt);
            Span<byte> text = stackalloc byte[ReceiptHandle.TextLength];
            handle.Write(text);
            writer.WriteString("receipt"u8, text);
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes the members that messages and replies have: content type, properties, body.</summary>
    public static void WriteContent(Utf8JsonWriter writer, MessageProperties properties, ReadOnlySpan<byte> body)
    {
        WriteContentType(writer, properties);
        WriteProperties(writer, properties);
        WriteBody(writer, body);
    }

    private static void WriteContentType(Utf8JsonWriter writer, MessageProperties properties)
    {
        if (MessageFields.TryReadContentType(properties, out ReadOnlySpan<byte> contentType))
            WriteText(writer, "contentType"u8, contentType);
    }

    private static void WriteKeys(Utf8JsonWriter writer, MessageProperties properties)
    {
        writer.WriteStartArray("keys"u8);
        if (properties.TryGet(PropertyNames.Keys, out ReadOnlySpan<byte> keys))
        {
            foreach (Range range in keys.Split((byte)' '))
            {
                if (!keys[range].IsEmpty)
                    WriteText(writer, keys[range]);
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteProperties(Utf8JsonWriter writer, MessageProperties properties)
    {
        writer.WriteStartObject("properties"u8);
        foreach (MessageProperties.Property property in properties)
        {
            // Of a name that is there twice, as MQTT allows, the first: a JSON object has each once.
            bool isFirst = properties.TryGet(property.Name, out ReadOnlySpan<byte> first)
                && Unsafe.AreSame(ref MemoryMarshal.GetReference(first), ref MemoryMarshal.GetReference(property.Value));
            if (isFirst && PropertyNaming.TryRead(property.Name, out ReadOnlySpan<byte> name) && Utf8.IsValid(name))
                WriteText(writer, name, property.Value);
        }

        writer.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter writer, ReadOnlySpan<byte> body)
    {
        if (Utf8.IsValid(body))
        {
            writer.WriteString("body"u8, body);
            writer.WriteString("bodyEncoding"u8, "utf-8"u8);
        }
        else
        {
            writer.WriteBase64String("body"u8, body);
            writer.WriteString("bodyEncoding"u8, "base64"u8);
        }
    }

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        writer.WritePropertyName(name);
        WriteText(writer, value);
    }

    /// <summary>Other clients may have stored anything: what is no UTF-8 is shown with replacement characters.</summary>
    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> value)
    {
        if (Utf8.IsValid(value))
            writer.WriteStringValue(value);
        else
            writer.WriteStringValue(System.Text.Encoding.UTF8.GetString(value));
    }
}
