using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Finds or makes the topic that a send names, and says why it cannot be sent to.</summary>
internal sealed class SendTopics(BrokerCore core)
{
    /// <summary>The topic of a send; the remark is set unless the answer is <see cref="SendStatus.Ok"/>.</summary>
    public SendStatus Resolve(in SendMessageRequestHeader header, out BrokerTopic? topic, out string? remark)
    {
        topic = core.Topics.Find(header.Topic.Span);
        if (topic is { IsSystem: false })
        {
            remark = null;
            return SendStatus.Ok;
        }

        return ResolveSlowly(header, ref topic, out remark);
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
