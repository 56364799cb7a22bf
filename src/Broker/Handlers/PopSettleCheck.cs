using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Checks what an acknowledgement, or a change of the invisible time, names.</summary>
internal sealed class PopSettleCheck(BrokerCore core)
{
    /// <summary>The topic, or the code and remark of the refusal.</summary>
    /// <param name="topicName">The topic that the message is in.</param>
    /// <param name="queueId">The queue.</param>
    /// <param name="offset">The queue offset.</param>
    /// <param name="mayBeEnd">Whether the queue's end is let pass, as with acknowledgements.</param>
    /// <param name="topic">The topic.</param>
    public (int Code, string? Remark) Check(HeaderText topicName, int queueId, long offset, bool mayBeEnd, out BrokerTopic? topic)
    {
        topic = core.Topics.Find(topicName.Span);
        if (topic is null)
        {
            return (ResponseCode.TopicNotExist, $"topic[{topicName}] not exist, apply first please!");
        }

        if ((uint)queueId >= (uint)topic.ReadQueues)
        {
            return (ResponseCode.MessageIllegal, $"queueId[{queueId}] is illegal, topic:[{topic.Name}] topicConfig.readQueueNums:[{topic.ReadQueues}]");
        }

        long min = core.Offsets.Min(topic.Name, queueId);
        long max = core.Offsets.Max(topic.Name, queueId);
        return offset < min || offset > max || (offset == max && !mayBeEnd)
            ? (ResponseCode.NoMessage, $"offset is illegal, key:{topic.Name}@{queueId}, commit:{offset}, store:{min}~{max}")
            : default;
    }

    /// <summary>The handle, or the code and remark of the refusal.</summary>
    public static (int Code, string? Remark) Read(HeaderText extraInfo, out ReceiptHandle handle)
    {
        ReceiptHandle? read = ReceiptHandle.Parse(extraInfo.ToString(), out string? error);
        handle = read ?? default;
        return read is null ? (ResponseCode.SystemError, error) : default;
    }

    /// <summary>The code and remark of an outcome.</summary>
    public (int Code, string? Remark) Of(PopSettleStatus status, string topic, int queueId, long offset) => status switch
    {
        PopSettleStatus.Ok => default,
        PopSettleStatus.OffsetIllegal => (ResponseCode.MessageIllegal, $"offset is illegal, key:{topic}@{queueId}, commit:{offset}"),
        _ => (ResponseCode.SystemError, core.Status.Reason ?? "the broker could not keep it"),
    };
}
