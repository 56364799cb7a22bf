using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Timers;
using ProtoBridgeMQ.Broker.Topics;
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
    private static readonly IPEndPoint NoHost = new(IPAddress.Loopback, 0);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        SendMessageRequestHeader header = request.Code == RequestCode.SendMessage
            ? SendMessageRequestHeader.Read(request.Fields)
            : SendMessageRequestHeader.ReadV2(request.Fields);
        BrokerTopic? topic = core.Topics.Find(header.Topic.Span);
        if (topic is null || topic.IsSystem)
        {
            SendStatus found = ResolveSlowly(header, ref topic, out string? remark);
            if (found != SendStatus.Ok)
            {
                core.Metrics.Refused(found);
                request.Reply(ResponseCodes.Of(found), remark);
                return default;
            }
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
            Properties = header.Properties.Span,
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
            string? handle = outcome.RecallTime > 0 && uniqueKey.Length > 0 ? Recalls.Handle(topic, core.Options.Name, outcome.RecallTime, uniqueKey.Span) : null;
            request.Reply(ResponseCode.Success, new SendAnswer(outcome, core.StoreHostAddress, uniqueKey, handle));
        }
        else
        {
            request.Reply(ResponseCodes.Of(outcome.Status), outcome.Remark);
        }
    }

    // The topic is unknown, or one of the system's: names are looked at as text here.
    private SendStatus ResolveSlowly(in SendMessageRequestHeader header, ref BrokerTopic? topic, out string? remark)
    {
        string name = header.Topic.ToString();
        remark = TopicName.Reject(name);
        if (remark is not null)
        {
            return SendStatus.TopicInvalid;
        }

        if (TopicName.IsForbiddenToSend(name))
        {
            remark = $"Sending message to topic[{name}] is forbidden.";
            return SendStatus.NoPermission;
        }

        if (topic is not null)
        {
            return SendStatus.Ok;
        }

        SendStatus status = name.StartsWith(TopicName.RetryPrefix, StringComparison.Ordinal)
            ? CreateRetryTopic(name, out topic)
            : core.Topics.Resolve(header.Topic.Span, header.DefaultTopic.ToString(), header.DefaultTopicQueues, out topic);
        remark = status switch
        {
            SendStatus.Ok => null,
            SendStatus.TopicLimit => $"topic[{name}] is not created: the broker has {core.Options.MaxTopics} topics, as many as it may",
            _ => $"topic[{name}] not exist, apply first please!",
        };
        return status;
    }

    private SendStatus CreateRetryTopic(string name, out BrokerTopic? topic)
    {
        topic = null;
        return core.Groups.FindOrCreate(name[TopicName.RetryPrefix.Length..]) is { } group
            ? core.Tables.Topics.CreateIfAbsent(
                new BrokerTopic { Name = name, ReadQueues = Math.Max(1, group.RetryQueues), WriteQueues = Math.Max(1, group.RetryQueues) },
                out topic)
            : SendStatus.TopicNotFound;
    }
}
