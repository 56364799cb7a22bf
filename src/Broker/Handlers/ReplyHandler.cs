using System.Buffers;
using System.Net;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.RequestReply;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// SEND_REPLY_MESSAGE (324) and its version 2 (325): a reply is handed to the client that asked (326), and stored in
/// the topic of replies. It is answered when the client has taken it.
/// </summary>
internal sealed class ReplyHandler(BrokerCore core, TimeProvider time) : IRequestHandler
{
    private static readonly IPEndPoint NoHost = new(IPAddress.Loopback, 0);

    private static readonly SendOutcome NotStored = new(SendStatus.Unsupported);

    private readonly SendTopics _topics = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        SendMessageRequestHeader header = request.Code == RequestCode.SendReplyMessage
            ? SendMessageRequestHeader.Read(request.Fields)
            : SendMessageRequestHeader.ReadV2(request.Fields);
        SendStatus found = _topics.Resolve(header, out BrokerTopic? topic, out string? remark);
        int queueId = found == SendStatus.Ok && header.QueueId < 0 ? topic!.NextQueue() : header.QueueId;
        if (found == SendStatus.Ok && queueId >= Math.Max(topic!.WriteQueues, topic.ReadQueues))
        {
            found = SendStatus.QueueInvalid;
            remark = $"request queueId[{queueId}] is illegal, topic[{topic.Name}] has {Math.Max(topic.WriteQueues, topic.ReadQueues)} queues";
        }

        if (found != SendStatus.Ok)
        {
            core.Metrics.Refused(found);
            request.Reply(ResponseCodes.Of(found), remark);
            return default;
        }

        // Both begin before the first await: what they borrow from the request is copied then.
        return ReplyAsync(request, HandOn(request, header), Store(request, header, topic!, queueId), queueId);
    }

    private async ValueTask ReplyAsync(RemotingRequest request, ValueTask<string?> handed, ValueTask<SendOutcome> stored, int queueId)
    {
        SendOutcome kept = await stored.ConfigureAwait(false);
        string? failure = await handed.ConfigureAwait(false);
        core.Metrics.Replied(failure is null);
        bool isKept = kept.Status == SendStatus.Ok;
        request.Reply(
            failure is null ? ResponseCode.Success : ResponseCode.SystemError,
            new SendMessageResponseHeader
            {
                MessageId = isKept ? OffsetMessageId.Format(core.StoreHostAddress, kept.PhysicalOffset) : "0",
                QueueId = queueId,
                QueueOffset = isKept ? kept.QueueOffset : 0,
                RegionId = BrokerStamp.Region,
                TraceOn = "true",
            },
            failure);
    }

    private ValueTask<SendOutcome> Store(RemotingRequest request, in SendMessageRequestHeader header, BrokerTopic topic, int queueId) => core.Options.StoreReplies
        ? core.SendAsync(new SendRequest
        {
            Topic = topic,
            QueueId = queueId,
            Flag = header.Flag,
            SystemFlag = header.SystemFlag & ~MessageSysFlag.TransactionMask,
            BornTime = header.BornTimestamp,
            BornHost = request.Connection.RemoteEndPoint as IPEndPoint ?? NoHost,
            ReconsumeTimes = Math.Max(0, header.ReconsumeTimes ?? 0),
            Properties = header.Properties.Span,
            Body = request.Body.IsSingleSegment ? request.Body.FirstSpan : request.Body.ToArray(),
        })
        : new ValueTask<SendOutcome>(NotStored);

    // Null when the client took it; otherwise why not.
    private async ValueTask<string?> HandOn(RemotingRequest request, SendMessageRequestHeader header)
    {
        if (ReplyText.Client(header.Properties.Span) is not { } client)
        {
            return ReplyText.NobodyNamed;
        }

        if (core.Tables.Producers.FindClient(client) is not { } member)
        {
            return ReplyText.NotHere(client);
        }

        if (member is not ProducerConnection producer)
        {
            return await member.TryReplyAsync(Inside(request, header)).ConfigureAwait(false) ? null : ReplyText.NotTaken(client);
        }

        try
        {
            using RemotingResponse answer = await producer.Connection.InvokeAsync(
                RequestCode.PushReplyMessageToClient, Pushed(request, header), request.Body.IsSingleSegment ? request.Body.First : request.Body.ToArray(), core.Options.ReplyTimeout);
            return answer.Code == ResponseCode.Success ? null : ReplyText.NotTaken(client);
        }
        catch (RemotingException)
        {
            return ReplyText.NotTaken(client);
        }
    }

    /// <summary>A reply to a client in this process.</summary>
    private BrokerReply Inside(RemotingRequest request, in SendMessageRequestHeader header)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new BrokerReply(header.Topic.ToString(), ReplyText.Handed(header.Properties.Span, now), request.Body.ToArray(), request.Connection.RemoteEndPoint as IPEndPoint ?? NoHost, now)
        {
            Broker = core.StoreHost,
            Timeout = core.Options.ReplyTimeout,
        };
    }

    private ReplyMessageRequestHeader Pushed(RemotingRequest request, in SendMessageRequestHeader header)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new ReplyMessageRequestHeader
        {
            Sent = header with
            {
                Properties = new HeaderText(ReplyText.Handed(header.Properties.Span, now)),
                UnitMode = header.UnitMode == true,
                MaxReconsumeTimes = null,
                Batch = null,
                BrokerName = default,
            },
            BornHost = (request.Connection.RemoteEndPoint as IPEndPoint ?? NoHost).ToString(),
            StoreHost = core.StoreHost.ToString(),
            StoreTimestamp = now,
        };
    }
}
