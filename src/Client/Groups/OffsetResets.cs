using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>A broker says that an operator set a group's progress (220): the group's member here goes on there.</summary>
internal sealed class OffsetResets : IRequestHandler
{
    public Heartbeats? Members { get; set; }

    public ValueTask HandleAsync(RemotingRequest request)
    {
        ResetOffsetRequestHeader header = ResetOffsetRequestHeader.Read(request.Fields);
        ResetOffsetBody body = LenientJson.Read(request.Body, AdminJson.Bodies.ResetOffsetBody);
        var offsets = new Dictionary<MessageQueue, long>();
        foreach ((MessageQueueData queue, long offset) in body.Offsets.Entries)
        {
            offsets[new MessageQueue(queue.Topic, queue.BrokerName, queue.QueueId)] = offset;
        }

        Members?.OffsetsReset(header.Group, offsets);
        request.Reply(ResponseCode.Success);
        return ValueTask.CompletedTask;
    }
}
