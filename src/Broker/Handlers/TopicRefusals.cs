using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>How the outcome of making or changing topics is told.</summary>
internal static class TopicRefusals
{
    /// <summary>The code.</summary>
    public static int CodeOf(SendStatus status) => status == SendStatus.Ok ? ResponseCode.Success : ResponseCode.InvalidParameter;

    /// <summary>The remark.</summary>
    public static string? RemarkOf(SendStatus status, BrokerOptions options) => status switch
    {
        SendStatus.Ok => null,
        SendStatus.TopicLimit => $"the broker has {options.MaxTopics} topics, as many as it may",
        _ => $"queues must be between 0 and {options.MaxQueuesPerTopic} and perm between 0 and 7",
    };
}
