using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>A broker says that the members of a group changed: share the queues out anew, now.</summary>
internal sealed class MembershipNotices : IRequestHandler
{
    public Heartbeats? Members { get; set; }

    public ValueTask HandleAsync(RemotingRequest request)
    {
        NotifyConsumerIdsChangedRequestHeader header = NotifyConsumerIdsChangedRequestHeader.Read(request.Fields);
        Members?.MembersChanged(header.ConsumerGroup);
        request.Reply(ResponseCode.Success);
        return ValueTask.CompletedTask;
    }
}
