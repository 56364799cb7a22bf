using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>NOTIFICATION (200054): whether there are messages to pop, at once or as soon as there are some.</summary>
internal sealed class NotificationHandler : IRequestHandler, IPopAnswers
{
    private readonly BrokerCore _core;
    private readonly PopCheck _check;
    private readonly PopHolder _holder;

    public NotificationHandler(BrokerCore core, TimeProvider time, ILogger logger)
    {
        _core = core;
        _check = new PopCheck(core);
        _holder = new PopHolder(core, this, isNotification: true, time, logger);
    }

    public ValueTask HandleAsync(RemotingRequest request)
    {
        NotificationRequestHeader header = NotificationRequestHeader.Read(request.Fields);
        (int code, string? remark) = _check.Check(header.Topic, header.ConsumerGroup, header.QueueId, out PopRequest asked);
        if (code != 0)
        {
            request.Reply(code, default(NotificationResponseHeader), remark);
            return default;
        }

        PopRequest pop = asked with { IsOrdered = header.Order == true, AttemptId = header.AttemptId };
        return _holder.HandleAsync(request, pop, _holder.DeadlineOf(header.BornTime, header.PollTime));
    }

    public bool TryAnswer(RemotingRequest remoting, in PopRequest request, out ValueTask answered)
    {
        answered = default;
        if (!_core.Pop.HasMessages(request))
        {
            return false;
        }

        remoting.Reply(ResponseCode.Success, new NotificationResponseHeader { HasMessages = true, PollingFull = false });
        return true;
    }

    public void AnswerEmpty(RemotingRequest remoting, in PopRequest request, PopHold why) =>
        remoting.Reply(ResponseCode.Success, new NotificationResponseHeader { HasMessages = false, PollingFull = why == PopHold.Full });
}

/// <summary>POLLING_INFO (200055): how many pops of a group are held.</summary>
internal sealed class PollingInfoHandler(BrokerCore core) : IRequestHandler
{
    private readonly PopCheck _check = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        PollingInfoRequestHeader header = PollingInfoRequestHeader.Read(request.Fields);
        (int code, string? remark) = _check.Check(header.Topic, header.ConsumerGroup, header.QueueId, out PopRequest asked);
        if (code != 0)
        {
            request.Reply(code, default(PollingInfoResponseHeader), remark);
            return default;
        }

        request.Reply(ResponseCode.Success, new PollingInfoResponseHeader { PollingCount = core.Pop.WaitsOf(asked.Group.Name, asked.Topic.Name, Math.Max(-1, header.QueueId)) });
        return default;
    }
}
