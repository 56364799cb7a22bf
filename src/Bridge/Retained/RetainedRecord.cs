using System.Buffers.Binary;
using System.Text;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>
/// A retained message as a record of the topic that keeps the latest of each name:
/// <code>
///   body: topic length:2 topic | property text length:4 property text | payload       empty: removed
///   properties: KEYS = MQTT topic name; removed: __DELETE__ = 1
/// </code>
/// Numbers are big-endian. Topic and properties are those of the message itself.
/// </summary>
public static class RetainedRecord
{
    private const int Lengths = 6;

    private static ReadOnlySpan<byte> Delete => "__DELETE__"u8;

    /// <summary>The MQTT topic name that a message is kept under.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>: it has none.</exception>
    public static byte[] NameOf(in PublishMessage message)
    {
        var view = new BridgeMessage
        {
            Topic = message.Topic,
            QueueId = 0,
            QueueOffset = 0,
            MessageId = default,
            BornAt = default,
            StoredAt = default,
            Attempt = 1,
            Delivery = default,
            Properties = message.Properties,
            Body = default,
        };
        using var room = new ScratchBytes(MqttTopicName.MaxLength);
        int length = TopicMapping.WriteName(view, room.Span);
        return length > 0
            ? room.Span[..length].ToArray()
            : throw new BridgeException(BridgeError.TopicInvalid, "The message has no MQTT topic name to be retained under.");
    }

    /// <summary>Bytes of the body of a message's record; 0 when the message removes.</summary>
    public static int SizeOf(in PublishMessage message)
        => message.Body.IsEmpty ? 0 : Lengths + message.Topic.Length + message.Properties.Text.Length + message.Body.Length;

    /// <summary>Writes the body of a record.</summary>
    public static void WriteBody(in PublishMessage message, Span<byte> body)
    {
        ReadOnlySpan<byte> properties = message.Properties.Text.Span;
        BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)message.Topic.Length);
        Encoding.ASCII.GetBytes(message.Topic, body[2..]);
        Span<byte> rest = body[(2 + message.Topic.Length)..];
        BinaryPrimitives.WriteInt32BigEndian(rest, properties.Length);
        properties.CopyTo(rest[4..]);
        message.Body.Span.CopyTo(rest[(4 + properties.Length)..]);
    }

    /// <summary>Writes the properties of a record.</summary>
    public static void WriteProperties(ReadOnlySpan<byte> name, bool removes, ref PropertyTextWriter properties)
    {
        properties.Write(PropertyNames.Keys, name);
        if (removes)
        {
            properties.Write(Delete, "1"u8);
        }
    }

    /// <summary>When the message of a record expires, Unix milliseconds; 0 for never.</summary>
    public static long ExpiryOf(MessageProperties properties)
        => MessageFields.TryReadExpiry(properties, out DateTimeOffset expiresAt) ? Math.Max(1, expiresAt.ToUnixTimeMilliseconds()) : 0;

    /// <summary>Reads a record into an entry; false when it is not one of these.</summary>
    public static bool TryRead(MessageProperties properties, ReadOnlyMemory<byte> body, long offset, out ReadOnlySpan<byte> name, out RetainedEntry entry)
    {
        entry = default;
        if (!properties.TryGet(PropertyNames.Keys, out name))
        {
            return false;
        }

        if (body.IsEmpty || properties.TryGet(Delete, out _))
        {
            entry = new RetainedEntry(offset, 0, 0);
            return true;
        }

        if (!TryCut(body, out _, out MessageProperties own, out _))
        {
            return false;
        }

        entry = new RetainedEntry(offset, body.Length, ExpiryOf(own));
        return true;
    }

    /// <summary>Adds the message of a record to a batch; false when it is no such record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="batch">Gets a copy.</param>
    public static bool TryAdd(in BridgeMessage record, MessageBatch batch)
    {
        if (!TryCut(record.Body, out ReadOnlySpan<byte> topic, out MessageProperties properties, out ReadOnlyMemory<byte> payload))
        {
            return false;
        }

        batch.AddCopy(record with { Topic = Encoding.ASCII.GetString(topic), Properties = properties, Body = payload });
        return true;
    }

    private static bool TryCut(ReadOnlyMemory<byte> body, out ReadOnlySpan<byte> topic, out MessageProperties properties, out ReadOnlyMemory<byte> payload)
    {
        topic = default;
        properties = default;
        payload = default;
        if (body.Length < Lengths)
        {
            return false;
        }

        int topicLength = BinaryPrimitives.ReadUInt16BigEndian(body.Span);
        if (body.Length < Lengths + topicLength)
        {
            return false;
        }

        int propertiesLength = BinaryPrimitives.ReadInt32BigEndian(body.Span[(2 + topicLength)..]);
        if (propertiesLength < 0 || propertiesLength > body.Length - Lengths - topicLength)
        {
            return false;
        }

        topic = body.Span.Slice(2, topicLength);
        properties = new MessageProperties(body.Slice(Lengths + topicLength, propertiesLength));
        payload = body[(Lengths + topicLength + propertiesLength)..];
        return true;
    }
}
