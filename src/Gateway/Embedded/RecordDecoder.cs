using System.Text;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Copies records of the commit log into batches, as the bridge shows messages.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RecordDecoder(IBrokerCore core, EmbeddedOptions options, ILogger log)
{
    private readonly ulong _host = HostOf(core);

    /// <summary>The id of a message of this broker.</summary>
    public MessageId IdOf(long physicalOffset)
        => _host != 0 ? new MessageId(_host, physicalOffset) : new MessageId(OffsetMessageId.Format(HostAddress.From(core.StoreHost), physicalOffset));

    /// <summary>Whether the record's tag passes the filter.</summary>
    public static bool Passes(in MessageRecord record, TagExpression filter) => filter.IsAll || filter.Matches(record.Tags);

    /// <summary>Whether the record belongs to a group.</summary>
    public static bool Passes(in MessageRecord record, string topic, GroupFilter filter)
    {
        ReadOnlySpan<byte> keptName = default;
        if (filter.Names is not null)
        {
            PropertyText.TryGet(record.Properties, PropertyNames.MqttTopic, out keptName);
        }

        return filter.Matches(topic, record.Tags, keptName);
    }

    /// <summary>Adds a record under its own topic.</summary>
    public void Add(in MessageRecord record, string topic, long queueOffset, MessageBatch batch)
        => Copy(record, topic, queueOffset, attempt: 1, batch);

    /// <summary>Adds a record of a group's retry topic: with its attempt, and the topic that it had before it was sent back.</summary>
    public void AddRetry(in MessageRecord record, string retryTopic, long queueOffset, MessageBatch batch)
    {
        string topic = PropertyText.TryGet(record.Properties, PropertyNames.RetryTopic, out ReadOnlySpan<byte> first)
            ? core.Topics.Find(first)?.Name ?? Encoding.UTF8.GetString(first)
            : retryTopic;
        Copy(record, topic, queueOffset, record.ReconsumeTimes + 1, batch);
    }

    private void Copy(in MessageRecord record, string topic, long queueOffset, int attempt, MessageBatch batch)
    {
        ReadOnlySpan<byte> body = record.Body;
        if (BodyCompression.IsCompressed(record.SysFlag))
        {
            if (BodyCompression.TryUnpack(record.SysFlag, record.Body.ToArray(), options.MaxUnpackedBody, out byte[] unpacked, out string? problem))
            {
                body = unpacked;
            }
            else
            {
                log.BodyNotUnpacked(topic, record.PhysicalOffset, problem);
            }
        }

        ReadOnlySpan<byte> properties = record.Properties;
        Memory<byte> room = batch.Reserve(properties.Length + body.Length);
        properties.CopyTo(room.Span);
        body.CopyTo(room.Span[properties.Length..]);
        batch.Add(new BridgeMessage
        {
            Topic = topic,
            QueueId = record.QueueId,
            QueueOffset = queueOffset,
            MessageId = IdOf(record.PhysicalOffset),
            BornAt = Time(record.BornTimestamp),
            StoredAt = Time(record.StoreTimestamp),
            Attempt = attempt,
            LogOffset = record.PhysicalOffset,
            Delivery = default,
            Properties = new MessageProperties(room[..properties.Length]),
            Body = room[properties.Length..],
        });
    }

    private static DateTimeOffset Time(long milliseconds)
        => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
            milliseconds,
            DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
            DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    private static ulong HostOf(IBrokerCore core)
    {
        HostAddress host = HostAddress.From(core.StoreHost);
        if (host.IsV6)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[HostAddress.V4Size];
        host.Write(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
