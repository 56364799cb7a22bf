using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// QUERY_ASSIGNMENT (400): which queues of a topic a member of a group reads, and whether it pulls or pops them. A member asks
/// one broker and is told the queues of all: the others' are known from a name server.
/// </summary>
internal sealed class QueryAssignmentHandler(BrokerCore core) : IRequestHandler
{
    private const string Broadcasting = "BROADCASTING";

    public ValueTask HandleAsync(RemotingRequest request)
    {
        QueryAssignmentBody body = LenientJson.Read(request.Body, RemotingJson.Bodies.QueryAssignmentBody);
        if (string.IsNullOrEmpty(body.Topic) || string.IsNullOrEmpty(body.ConsumerGroup) || string.IsNullOrEmpty(body.ClientId))
        {
            request.Reply(ResponseCode.InvalidParameter, "topic, consumerGroup and clientId are needed");
            return default;
        }

        return AnswerAsync(request, body, core.Routes.OthersAsync(body.Topic));
    }

    private async ValueTask AnswerAsync(RemotingRequest request, QueryAssignmentBody body, ValueTask<IReadOnlyList<QueueData>> others)
    {
        List<MessageQueueData> queues = Queues(body.Topic!, await others.ConfigureAwait(false));
        RequestMode mode = core.Tables.Modes.Find(body.Topic!, body.ConsumerGroup!) ?? new RequestMode(body.Topic!, body.ConsumerGroup!, IsPop: false, 0);
        var answer = new QueryAssignmentResponseBody
        {
            Assignments = Assign(body, mode, queues)?.Select(queue => new QueueAssignmentData { Queue = queue, Mode = mode.Name }).ToList(),
        };
        request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(answer, RemotingJson.Bodies.QueryAssignmentResponseBody));
    }

    // Null tells the member to keep what it has.
    private IEnumerable<MessageQueueData>? Assign(QueryAssignmentBody body, RequestMode mode, List<MessageQueueData> queues)
    {
        if (queues.Count == 0 || body.MessageModel == Broadcasting)
        {
            return queues.Count == 0 ? null : queues;
        }

        IReadOnlyList<string> members = core.Groups.ClientIds(body.ConsumerGroup!);
        if (members.Count == 0 || !QueueAssignment.IsKnown(body.StrategyName))
        {
            return null;
        }

        return mode.IsPop
            ? (QueueAssignment.ForPop(body.StrategyName!, body.ClientId!, queues, members, mode.ShareQueues) ?? queues.Select(AnyQueue)).Distinct()
            : QueueAssignment.ForPull(body.StrategyName!, body.ClientId!, queues, members);
    }

    // In the order in which every broker has them: each must give a member the same.
    private List<MessageQueueData> Queues(string topic, IReadOnlyList<QueueData> others)
    {
        List<MessageQueueData> queues =
        [
            .. from other in others
               from id in Enumerable.Range(0, Math.Clamp(other.ReadQueues, 0, core.Options.MaxQueuesPerTopic))
               select new MessageQueueData { BrokerName = other.BrokerName, QueueId = id, Topic = topic },
        ];
        if (core.Topics.Find(topic) is { IsReadable: true } mine)
        {
            queues.AddRange(Enumerable.Range(0, mine.ReadQueues).Select(id => new MessageQueueData { BrokerName = core.Options.Name, QueueId = id, Topic = topic }));
        }

        queues.Sort(static (one, other) => string.CompareOrdinal(one.BrokerName, other.BrokerName) is var order and not 0 ? order : one.QueueId - other.QueueId);
        return queues;
    }

    private static MessageQueueData AnyQueue(MessageQueueData queue) => queue with { QueueId = -1 };
}

/// <summary>SET_MESSAGE_REQUEST_MODE (401): whether a group pulls or pops a topic.</summary>
internal sealed class SetRequestModeHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        MessageRequestModeBody body = LenientJson.Read(request.Body, RemotingJson.Bodies.MessageRequestModeBody);
        string topic = body.Topic ?? string.Empty;
        if (topic.StartsWith(TopicName.RetryPrefix, StringComparison.Ordinal))
        {
            request.Reply(ResponseCode.NoPermission, "retry topic is not allowed to set mode");
        }
        else if (core.Topics.Find(topic) is null)
        {
            request.Reply(ResponseCode.TopicNotExist, $"topic[{topic}] not exist");
        }
        else if (core.Groups.FindOrCreate(body.ConsumerGroup ?? string.Empty) is not { } group)
        {
            request.Reply(ResponseCode.SubscriptionGroupNotExist, "subscription group does not exist");
        }
        else if (body.Mode is not ("POP" or "PULL"))
        {
            request.Reply(ResponseCode.InvalidParameter, $"mode[{body.Mode}] is illegal: POP or PULL");
        }
        else if (!core.Tables.Modes.Put(new RequestMode(topic, group.Name, body.Mode == "POP", body.PopShareQueues)))
        {
            request.Reply(ResponseCode.SystemBusy, $"broker busy: modes of {core.Options.MaxRequestModes} topics of groups are kept, as many as may be");
        }
        else
        {
            request.Reply(ResponseCode.Success);
        }

        return default;
    }
}
