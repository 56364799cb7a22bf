using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>CONSUMER_SEND_MSG_BACK (36): a message to be tried again later, or put aside.</summary>
internal sealed class SendBackHandler(BrokerCore core) : IRequestHandler
{
    public async ValueTask HandleAsync(RemotingRequest request)
    {
        ConsumerSendMsgBackRequestHeader header = ConsumerSendMsgBackRequestHeader.Read(request.Fields);
        SendOutcome outcome = await core.SendBackAsync(new SendBackRequest
        {
            Group = header.Group,
            PhysicalOffset = header.Offset,
            DelayLevel = header.DelayLevel,
            MaxReconsumeTimes = header.MaxReconsumeTimes,
        });
        request.Reply(ResponseCodes.Of(outcome.Status), outcome.Remark);
    }
}
