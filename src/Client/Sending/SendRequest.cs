using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Routing;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>One try of a send: the request of a message or of a part of a batch, and its answer.</summary>
internal sealed class SendRequest(ClusterConnection connection, ProducerOptions options)
{
    /// <summary>No bytes as a zlib stream: header, one empty block, checksum.</summary>
    private static readonly byte[] PackedNothing = [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];

    private readonly HeaderText _group = new(options.Group);
    private readonly HeaderText _template = new(options.NewTopicTemplate ?? string.Empty);

    public SendMessageRequestHeaderV2 Header(TopicEntry topic, MessageQueue queue, in EncodedMessage message) => new(new SendMessageRequestHeader
    {
        ProducerGroup = _group,
        Topic = topic.Name,
        DefaultTopic = _template,
        DefaultTopicQueues = options.NewTopicQueues,
        QueueId = queue.QueueId,
        SystemFlag = message.SystemFlag,
        BornTimestamp = message.BornTimestamp,
        Flag = message.Flag,
        Properties = message.Properties,
        ReconsumeTimes = 0,
        UnitMode = false,
        Batch = message.Kind == SendKind.Batch,
    });

    /// <summary>Sends to a broker's master. An urgent send connects also to a broker that could not be reached a moment ago.</summary>
    public ValueTask<RemotingResponse> BeginAsync(
        TopicEntry topic, string address, MessageQueue queue, in EncodedMessage message, TimeSpan timeout, bool urgent, CancellationToken cancellationToken)
    {
        int code = message.Kind switch
        {
            SendKind.Batch => RequestCode.SendBatchMessage,
            SendKind.Reply => RequestCode.SendReplyMessageV2,
            _ => RequestCode.SendMessageV2,
        };
        return connection.Calls.BeginAsync(address, code, Header(topic, queue, message), message.Body, timeout, urgent, cancellationToken);
    }

    /// <summary>What a broker's answer says of a send.</summary>
    /// <exception cref="ProtoBridgeMqException">It did not store the message, or says what cannot be understood.</exception>
    public static SendReceipt Read(TopicEntry topic, string address, MessageQueue queue, in EncodedMessage message, RemotingResponse response)
    {
        SendStatus status = response.Code switch
        {
            ResponseCode.Success => SendStatus.Ok,
            ResponseCode.FlushDiskTimeout => SendStatus.FlushDiskTimeout,
            ResponseCode.FlushSlaveTimeout => SendStatus.FlushReplicaTimeout,
            ResponseCode.SlaveNotAvailable => SendStatus.ReplicaNotAvailable,
            _ => throw CallErrors.Refused(response, $"Sending to {queue}", address),
        };
        Stored stored = RemoteCalls.Read(response, topic.Sending, address, ReadReceipt, mayHaveHappened: true);
        return new SendReceipt(status, message.MessageId, stored.OffsetId, queue with { QueueId = stored.QueueId }, stored.Offset)
        {
            RecallHandle = stored.RecallHandle,
            Region = stored.Region,
        };
    }

    /// <summary>The message as a broker can take it: an empty body may be sent packed, which all of RocketMQ's clients unpack to nothing.</summary>
    /// <exception cref="RequestRefusedException">It would take no notice of the message's time: nothing was sent.</exception>
    public async ValueTask<EncodedMessage> FitAsync(string address, MessageQueue queue, EncodedMessage message, CancellationToken cancellationToken)
    {
        if (message.Kind == SendKind.Timed && !(await connection.Heartbeats.TraitsAsync(address, cancellationToken).ConfigureAwait(false)).HasTimers)
        {
            throw new RequestRefusedException(
                $"A message with DeliverAt or DeliverAfter was not sent to {queue}: the broker at {address} is older than RocketMQ 5 and would deliver it at once. Use DelayLevel, which all brokers know, or a broker of RocketMQ 5 or of this project.",
                ResponseCode.RequestCodeNotSupported,
                address);
        }

        // Not worth a question: any broker takes it packed.
        return message.Body.IsEmpty && connection.Heartbeats.KnownTraits(address) is not { NeedsBody: false }
            ? message with { Body = PackedNothing, SystemFlag = message.SystemFlag | MessageSysFlag.Compressed | MessageSysFlag.CompressionZlib }
            : message;
    }

    /// <summary>Sends and does not wait for an answer, which is not asked for.</summary>
    public async ValueTask SendOneWayAsync(TopicEntry topic, MessageQueue queue, EncodedMessage message, CancellationToken cancellationToken)
    {
        string address = await connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        if (message.DependsOnBroker)
        {
            message = await FitAsync(address, queue, message, cancellationToken).ConfigureAwait(false);
        }

        await connection.Calls
            .SendOneWayAsync(address, RequestCode.SendMessageV2, Header(topic, queue, message), message.Body, topic.Sending, cancellationToken)
            .ConfigureAwait(false);
    }

    private static Stored ReadReceipt(RemotingResponse response)
    {
        SendMessageResponseHeader header = SendMessageResponseHeader.Read(response.Fields);
        // Nearly every broker names the default region: no string for each message.
        string? region = header.RegionId.Span.SequenceEqual("DefaultRegion"u8) ? "DefaultRegion" : header.RegionId.AsString();
        return new Stored(header.MessageId.ToString(), header.QueueId, header.QueueOffset, header.RecallHandle.AsString(), region);
    }

    private readonly record struct Stored(string OffsetId, int QueueId, long Offset, string? RecallHandle, string? Region);
}
