using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>ACK_MESSAGE (200051): a popped message is settled; answered when that is durable.</summary>
internal sealed class AckHandler(BrokerCore core) : IRequestHandler
{
    private readonly PopSettleCheck _check = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        AckMessageRequestHeader header = AckMessageRequestHeader.Read(request.Fields);
        (int code, string? remark) = _check.Check(header.Topic, header.QueueId, header.Offset, mayBeEnd: true, out BrokerTopic? topic);
        ReceiptHandle handle = default;
        if (code == 0)
        {
            (code, remark) = PopSettleCheck.Read(header.ExtraInfo, out handle);
        }

        if (code != 0)
        {
            request.Reply(code, remark);
            return default;
        }

        string group = header.ConsumerGroup.ToString();
        ReadOnlySpan<long> one = [header.Offset];
        return AnswerAsync(request, core.Pop.AckAsync(group, topic!.Name, header.QueueId, handle, one), topic.Name, header.QueueId, header.Offset);
    }

    private async ValueTask AnswerAsync(RemotingRequest request, ValueTask<PopSettleStatus> settling, string topic, int queueId, long offset)
    {
        (int code, string? remark) = _check.Of(await settling.ConfigureAwait(false), topic, queueId, offset);
        request.Reply(code, remark);
    }
}
