using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Timers;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// SEND_MESSAGE (10), SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320): one message or a batch to one queue. The
/// append happens before the handler first waits; the answer leaves when it is durable, in any order.
/// </summary>
internal sealed class SendHandler(BrokerCore core) : IRequestHandler
{
    /// <summary>Bytes of properties that are put together without a buffer of the pool.</summary>
    private const int StampOnStack = 768;

    private static readonly IPEndPoint NoHost = new(IPAddress.Loopback, 0);

    private readonly SendTopics _topics = new(core);
    private readonly BrokerStamp _stamp = new(core.Options);

    // An append is a copy into memory; only a topic that is made by its first message writes a file.
    public bool MayBlock(RemotingHeader header) =>
        core.Topics.Find(header.Fields.GetTextOrAbsent(header.Code == RequestCode.SendMessage ? "topic"u8 : "b"u8).Span) is null;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        SendMessageRequestHeader header = request.Code == RequestCode.SendMessage
            ? SendMessageRequestHeader.Read(request.Fields)
            : SendMessageRequestHeader.ReadV2(request.Fields);
        SendStatus found = _topics.Resolve(header, out BrokerTopic? topic, out string? remark);
        if (found != SendStatus.Ok)
        {
            core.Metrics.Refused(found);
            request.Reply(ResponseCodes.Of(found), remark);
            return default;
        }

        PropertyText.TryGet(header.Properties.Span, SystemProperties.UniqueKey, out ReadOnlySpan<byte> uniqueKey);
        ShortText key = new(uniqueKey);
        return ReplyAsync(request, Append(request, header, topic!), topic!, key);
    }

    private ValueTask<SendOutcome> Append(RemotingRequest request, in SendMessageRequestHeader header, BrokerTopic topic)
    {
        ReadOnlySequence<byte> body = request.Body;
        if (body.IsSingleSegment)
        {
            return Append(request, header, topic, body.FirstSpan);
        }

        int length = checked((int)body.Length);
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(copy);
            return Append(request, header, topic, copy.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private ValueTask<SendOutcome> Append(RemotingRequest request, in SendMessageRequestHeader header, BrokerTopic topic, ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> properties = header.Properties.Span;
        int needed = _stamp.Needs(properties);
        if (needed == 0)
        {
            return Append(request, header, topic, body, properties);
        }

        byte[]? rented = needed > StampOnStack ? ArrayPool<byte>.Shared.Rent(needed) : null;
        Span<byte> stamped = rented ?? stackalloc byte[StampOnStack];
        try
        {
            return Append(request, header, topic, body, stamped[.._stamp.Write(stamped, properties)]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private ValueTask<SendOutcome> Append(RemotingRequest request, in SendMessageRequestHeader header, BrokerTopic topic, ReadOnlySpan<byte> body, ReadOnlySpan<byte> properties)
    {
        var send = new SendRequest
        {
            Topic = topic,
            QueueId = header.QueueId,
            Flag = header.Flag,
            SystemFlag = header.SystemFlag,
            BornTime = header.BornTimestamp,
            BornHost = request.Connection.RemoteEndPoint as IPEndPoint ?? NoHost,
            ReconsumeTimes = Math.Max(0, header.ReconsumeTimes ?? 0),
            MaxReconsumeTimes = header.MaxReconsumeTimes is >= 0 ? header.MaxReconsumeTimes : null,
            MayBeHalf = true,
            Properties = properties,
            Body = body,
        };
        return header.Batch == true || request.Code == RequestCode.SendBatchMessage
            ? core.SendBatchAsync(send)
            : core.SendAsync(send);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReplyAsync(RemotingRequest request, ValueTask<SendOutcome> pending, BrokerTopic topic, ShortText uniqueKey) =>
        Reply(request, await pending.ConfigureAwait(false), topic, uniqueKey);

    private void Reply(RemotingRequest request, in SendOutcome outcome, BrokerTopic topic, in ShortText uniqueKey)
    {
        if (outcome.Status == SendStatus.Ok)
        {
            core.Desk.Traffic.AddIn(outcome.BatchOffsets?.Length ?? 1);
            string? handle = outcome.RecallTime > 0 && uniqueKey.Length > 0 ? Recalls.Handle(topic, core.Options.Name, outcome.RecallTime, uniqueKey.Span) : null;
            request.Reply(ResponseCode.Success, new SendAnswer(outcome, core.StoreHostAddress, uniqueKey, handle));
        }
        else
        {
            request.Reply(ResponseCodes.Of(outcome.Status), outcome.Remark);
        }
    }
}
