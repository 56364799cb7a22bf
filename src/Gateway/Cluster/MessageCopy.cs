using System.Buffers.Binary;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>Copies pulled messages into batches, as the bridge shows messages.</summary>
internal static class MessageCopy
{
    private const int V4Size = 8;

    /// <summary>Adds a message; its memory becomes the batch's.</summary>
    public static void Add(in MessageView view, MessageQueue queue, MessageBatch batch, ILogger log)
    {
        ReadOnlySpan<byte> body = view.StoredBody;
        if (view.IsCompressed)
        {
            body = Unpack(view, queue, log).Span;
        }

        ReadOnlySpan<byte> properties = view.PropertyText;
        Memory<byte> room = batch.Reserve(properties.Length + body.Length);
        properties.CopyTo(room.Span);
        body.CopyTo(room.Span[properties.Length..]);
        batch.Add(new BridgeMessage
        {
            Topic = view.OriginalTopic(queue.Topic),
            QueueId = queue.QueueId,
            QueueOffset = view.QueueOffset,
            MessageId = IdOf(view),
            BornAt = Time(view.BornTimestamp),
            StoredAt = Time(view.StoreTimestamp),
            Attempt = view.ReconsumeTimes + 1,
            LogOffset = view.LogOffset,
            Delivery = default,
            Properties = new MessageProperties(room[..properties.Length]),
            Body = room[properties.Length..],
        });
    }

    /// <summary>Copies a message of one batch into another.</summary>
    public static void Add(in BridgeMessage message, MessageBatch batch)
    {
        ReadOnlyMemory<byte> properties = message.Properties.Text;
        Memory<byte> room = batch.Reserve(properties.Length + message.Body.Length);
        properties.CopyTo(room);
        message.Body.CopyTo(room[properties.Length..]);
        batch.Add(new BridgeMessage
        {
            Topic = message.Topic,
            QueueId = message.QueueId,
            QueueOffset = message.QueueOffset,
            MessageId = message.MessageId,
            BornAt = message.BornAt,
            StoredAt = message.StoredAt,
            Attempt = message.Attempt,
            Delivery = message.Delivery,
            Properties = new MessageProperties(room[..properties.Length]),
            Body = room[properties.Length..],
        });
    }

    /// <summary>Adds a message that was found.</summary>
    public static void Add(ReceivedMessage message, MessageBatch batch)
        => batch.AddCopy(Of(message));

    /// <summary>A message that was received, as the bridge shows it; it shares its memory.</summary>
    public static BridgeMessage Of(ReceivedMessage message)
        => new()
        {
            Topic = message.Topic,
            QueueId = message.Queue.QueueId,
            QueueOffset = message.QueueOffset,
            MessageId = IdOf(message.OffsetMessageId),
            BornAt = message.BornAt,
            StoredAt = message.StoredAt,
            Attempt = message.ReconsumeTimes + 1,
            Delivery = default,
            Properties = new MessageProperties(message.PropertyText),
            Body = message.Body,
        };

    /// <summary>The id of a receipt: 32 digits are an offset id of an IPv4 broker, anything else stays text.</summary>
    public static MessageId IdOf(string offsetMessageId)
    {
        Span<byte> bytes = stackalloc byte[16];
        return offsetMessageId.Length == 32
            && Convert.FromHexString(offsetMessageId, bytes, out _, out int written) == System.Buffers.OperationStatus.Done
            && written == 16
            ? new MessageId(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]))
            : new MessageId(offsetMessageId);
    }

    private static MessageId IdOf(in MessageView view)
    {
        Span<byte> host = stackalloc byte[20];
        return view.CopyStoreHost(host) == V4Size
            ? new MessageId(BinaryPrimitives.ReadUInt64BigEndian(host), view.LogOffset)
            : new MessageId(view.OffsetMessageId);
    }

    private static ReadOnlyMemory<byte> Unpack(in MessageView view, MessageQueue queue, ILogger log)
    {
        try
        {
            return view.ReadBody();
        }
        catch (BadAnswerException cannot)
        {
            log.BodyNotUnpacked(queue.Topic, view.QueueOffset, cannot.Message);
            return view.StoredBody.ToArray();
        }
    }

    private static DateTimeOffset Time(long milliseconds)
        => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
            milliseconds,
            DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
            DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
