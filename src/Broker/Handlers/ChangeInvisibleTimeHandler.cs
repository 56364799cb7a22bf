using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>CHANGE_MESSAGE_INVISIBLETIME (200053): a popped message comes back later or sooner; answered when that is durable.</summary>
internal sealed class ChangeInvisibleTimeHandler(BrokerCore core) : IRequestHandler
{
    /// <summary>RocketMQ leaves the remark of a new answer as it is.</summary>
    private const string SuccessRemark = "not set any response code";

    private readonly PopSettleCheck _check = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        ChangeInvisibleTimeRequestHeader header = ChangeInvisibleTimeRequestHeader.Read(request.Fields);
        (int code, string? remark) = _check.Check(header.Topic, header.QueueId, header.Offset, mayBeEnd: false, out BrokerTopic? topic);
        ReceiptHandle handle = default;
        if (code == 0)
        {
            (code, remark) = PopSettleCheck.Read(header.ExtraInfo, out handle);
        }

        if (code != 0)
        {
            request.Reply(code, default(ChangeInvisibleTimeResponseHeader), remark);
            return default;
        }

        string group = header.ConsumerGroup.ToString();
        ValueTask<PopExtension> changing = core.Pop.ChangeInvisibleAsync(group, topic!.Name, header.QueueId, handle, header.Offset, header.InvisibleTime);
        return AnswerAsync(request, changing, topic.Name, header.QueueId, header.Offset);
    }

    private async ValueTask AnswerAsync(RemotingRequest request, ValueTask<PopExtension> changing, string topic, int queueId, long offset)
    {
        PopExtension extension = await changing.ConfigureAwait(false);
        (int code, string? remark) = _check.Of(extension.Status, topic, queueId, offset);
        var fields = new ChangeInvisibleTimeResponseHeader { PopTime = extension.PopTime, InvisibleTime = extension.InvisibleTime, ReviveQueueId = extension.ReviveQueueId };
        request.Reply(code, fields, code == 0 ? SuccessRemark : remark);
    }
}
