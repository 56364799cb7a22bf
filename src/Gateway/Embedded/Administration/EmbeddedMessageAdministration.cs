using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Embedded.Administration;

/// <summary>Messages in the log of the broker in this process.</summary>
internal sealed class EmbeddedMessageAdministration(IBrokerCore core, EmbeddedOptions options) : IMessageAdministration
{
    private const int MaxReadBytes = 8 << 20;

    public ValueTask<StoredMessage?> FindAsync(string messageId, CancellationToken cancellationToken = default)
    {
        var found = new RecordCopies(core, options);
        bool isOurs = OffsetMessageId.TryParse(messageId, out HostAddress host, out long offset) && host == HostAddress.From(core.StoreHost);
        StoredMessage? message = isOurs && core.ReadRecord(offset, found) ? found.Messages[0] : null;
        return ValueTask.FromResult(message is not null && EmbeddedTopics.IsOwn(message.Topic) ? null : message);
    }

    public ValueTask<IReadOnlyList<StoredMessage>> FindByKeyAsync(string topic, string key, int max, CancellationToken cancellationToken = default)
    {
        if (EmbeddedTopics.IsOwn(topic))
        {
            return ValueTask.FromResult<IReadOnlyList<StoredMessage>>([]);
        }

        using var batch = new RecordBatch();
        switch (core.Query(new QueryRequest(topic, key, max), batch).Status)
        {
            case QueryStatus.Busy:
                return ValueTask.FromException<IReadOnlyList<StoredMessage>>(
                    new BridgeException(BridgeError.Busy, "As many queries by key as may be are under way.", retryAfter: TimeSpan.FromSeconds(1)));
            case QueryStatus.Disabled:
                return ValueTask.FromException<IReadOnlyList<StoredMessage>>(new BridgeException(BridgeError.Unsupported, "The broker keeps no index of keys."));
            default:
                break;
        }

        var found = new RecordCopies(core, options);
        for (int i = 0; i < batch.Count; i++)
        {
            found.Accept(batch.QueueOffset(i), 0, batch[i]);
        }

        return ValueTask.FromResult<IReadOnlyList<StoredMessage>>(found.Messages);
    }

    public ValueTask<IReadOnlyList<StoredMessage>> ReadAsync(string topic, string broker, int queueId, long offset, int max, CancellationToken cancellationToken = default)
    {
        var found = new RecordCopies(core, options);
        if (!EmbeddedTopics.IsOwn(topic) && broker == core.Options.Name)
        {
            ReadOutcome outcome = core.Read(new ReadRequest(topic, queueId, offset, max, MaxReadBytes), found);
            if (outcome.Status == ReadStatus.OffsetTooSmall)
            {
                core.Read(new ReadRequest(topic, queueId, outcome.MinOffset, max, MaxReadBytes), found);
            }
        }

        return ValueTask.FromResult<IReadOnlyList<StoredMessage>>(found.Messages);
    }

    public ValueTask<long> SearchAsync(string topic, string broker, int queueId, DateTimeOffset time, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(core.Offsets.Search(topic, queueId, time.ToUnixTimeMilliseconds()));

    public async ValueTask<string> ResendAsync(string group, StoredMessage deadLetter, CancellationToken cancellationToken = default)
    {
        string name = TopicNames.RetryOf(group);
        if (core.Topics.Find(name) is not { } topic)
        {
            int queues = core.Groups.FindOrCreate(group)?.RetryQueues ?? 1;
            topic = new BrokerTopic { Name = name, ReadQueues = Math.Max(1, queues), WriteQueues = Math.Max(1, queues) };
            SendStatus made = core.Topics.Put(topic);
            if (made != SendStatus.Ok)
            {
                throw BrokerErrors.ToException(made, null, $"topic {name}");
            }
        }

        if (!OffsetMessageId.TryParse(deadLetter.MessageId, out _, out long offset))
        {
            throw new BridgeException(BridgeError.InvalidArgument, $"{deadLetter.MessageId} is no id of a message.");
        }

        var resend = new Resend(core, topic);
        if (!core.ReadRecord(offset, resend))
        {
            throw new BridgeException(BridgeError.InvalidArgument, $"Dead letter {deadLetter.MessageId} is not in the log any more.");
        }

        SendOutcome outcome = await resend.Sent!.ConfigureAwait(false);
        return outcome.Status == SendStatus.Ok
            ? OffsetMessageId.Format(HostAddress.From(core.StoreHost), outcome.PhysicalOffset)
            : throw BrokerErrors.ToException(outcome.Status, outcome.Remark, $"topic {name}");
    }

    /// <summary>Copies records.</summary>
    private sealed class RecordCopies(IBrokerCore core, EmbeddedOptions options) : IRecordSink
    {
        public List<StoredMessage> Messages { get; } = [];

        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            if (MessageRecord.TryRead(record, out MessageRecord view) == RecordError.None)
            {
                Messages.Add(Copy(view, queueOffset));
            }

            return true;
        }

        private StoredMessage Copy(in MessageRecord record, long queueOffset)
        {
            byte[] body = record.Body.ToArray();
            if (BodyCompression.IsCompressed(record.SysFlag) && BodyCompression.TryUnpack(record.SysFlag, body, options.MaxUnpackedBody, out byte[] unpacked, out _))
            {
                body = unpacked;
            }

            return new StoredMessage(
                OffsetMessageId.Format(record.StoreHost, record.PhysicalOffset),
                record.TopicString,
                core.Options.Name,
                record.QueueId,
                queueOffset,
                Time(record.BornTimestamp),
                record.BornHost.ToString(),
                Time(record.StoreTimestamp),
                record.StoreHost.ToString(),
                record.ReconsumeTimes,
                new MessageProperties(record.Properties.ToArray()),
                body);
        }

        private static DateTimeOffset Time(long milliseconds)
            => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
                milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
    }

    /// <summary>Sends a dead letter to the retry topic as it lies in the log, without what counts its tries or would delay it.</summary>
    private sealed class Resend(IBrokerCore core, BrokerTopic topic) : IRecordSink
    {
        private static readonly byte[][] LeftOut =
            [.. new[] { "DELAY", "REAL_TOPIC", "REAL_QID", "RECONSUME_TIME", "MAX_RECONSUME_TIMES" }.Select(System.Text.Encoding.ASCII.GetBytes)];

        public Task<SendOutcome>? Sent { get; private set; }

        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            if (MessageRecord.TryRead(record, out MessageRecord dead) != RecordError.None)
            {
                return false;
            }

            byte[] text = dead.Properties.ToArray();
            byte[] kept = new byte[text.Length + 2];
            int length = 0;
            foreach (MessageProperties.Property property in new MessageProperties(text))
            {
                if (!IsLeftOut(property.Name))
                {
                    length += Put(kept.AsSpan(length), property);
                }
            }

            Sent = core.SendAsync(new SendRequest
            {
                Topic = topic,
                QueueId = -1,
                Flag = dead.Flag,
                SystemFlag = dead.SysFlag,
                BornTime = dead.BornTimestamp,
                BornHost = dead.BornHost.ToEndPoint(),
                Properties = kept.AsSpan(0, length),
                Body = dead.Body,
            }).AsTask();
            return true;
        }

        private static int Put(Span<byte> room, in MessageProperties.Property property)
        {
            property.Name.CopyTo(room);
            room[property.Name.Length] = MessageProperties.NameEnd;
            property.Value.CopyTo(room[(property.Name.Length + 1)..]);
            int length = property.Name.Length + property.Value.Length + 2;
            room[length - 1] = MessageProperties.ValueEnd;
            return length;
        }

        private static bool IsLeftOut(ReadOnlySpan<byte> name)
        {
            foreach (byte[] one in LeftOut)
            {
                if (name.SequenceEqual(one))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
