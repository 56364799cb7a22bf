using System.Globalization;
using System.Net;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>RECALL_MESSAGE (370): calls a message back that waits for its time, by the handle that its send was answered with.</summary>
internal sealed class RecallHandler(BrokerCore core) : IRequestHandler
{
    private static readonly IPEndPoint NoHost = new(IPAddress.Loopback, 0);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        RecallMessageRequestHeader header = RecallMessageRequestHeader.Read(request.Fields);
        if (core.Topics.Find(header.Topic) is not { } topic)
        {
            request.Reply(ResponseCode.TopicNotExist, $"recall failed, the topic[{header.Topic}] not exist");
            return default;
        }

        if (!RecallHandle.TryParse(header.RecallHandle, out RecallHandle handle))
        {
            request.Reply(ResponseCode.IllegalOperation, "recall handle is invalid");
            return default;
        }

        if (handle.Topic != header.Topic)
        {
            request.Reply(ResponseCode.IllegalOperation, "recall failed, topic not match");
            return default;
        }

        if (handle.BrokerName != core.Options.Name)
        {
            request.Reply(ResponseCode.IllegalOperation, "recall failed, broker service not available");
            return default;
        }

        ValueTask<SendOutcome> pending = core.RecallAsync(new RecallRequest
        {
            Topic = topic,
            UniqueKey = handle.UniqueKey,
            Time = long.TryParse(handle.Time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long time) ? time : -1,
            ProducerGroup = header.ProducerGroup,
            BornHost = request.Connection.RemoteEndPoint as IPEndPoint ?? NoHost,
        });
        return ReplyAsync(request, pending, handle.UniqueKey);
    }

    private static async ValueTask ReplyAsync(RemotingRequest request, ValueTask<SendOutcome> pending, string uniqueKey)
    {
        SendOutcome outcome = await pending.ConfigureAwait(false);
        switch (outcome.Status)
        {
            case SendStatus.Ok:
                request.Reply(ResponseCode.Success, new RecallMessageResponseHeader { MessageId = uniqueKey, RegionId = BrokerStamp.Region });
                break;
            case SendStatus.RecallInvalid:
                request.Reply(ResponseCode.IllegalOperation, outcome.Remark);
                break;
            default:
                request.Reply(ResponseCode.SystemError, "recall failed, execute error");
                break;
        }
    }
}
