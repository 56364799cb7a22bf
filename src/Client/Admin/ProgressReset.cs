using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Admin;

/// <summary>
/// Sets a group's progress. Brokers before RocketMQ 5 reset groups with members only, a whole topic, and by time: a queue and an offset they
/// read over, and would set everything to its end. There, the progress of a group without members is written queue by queue.
/// </summary>
internal sealed class ProgressReset(AdminCalls calls)
{
    /// <summary>The time that stands for the ends of queues.</summary>
    public const long End = -1;

    /// <summary>All queues of a topic, by a time in milliseconds since 1970 or <see cref="End"/>.</summary>
    public async ValueTask<IReadOnlyDictionary<MessageQueue, long>> ResetAsync(string group, string topic, long timestamp, CancellationToken cancellationToken)
    {
        TopicRoute route = await RouteAsync(group, topic, cancellationToken).ConfigureAwait(false);
        var header = new ResetOffsetRequestHeader { Group = group, Topic = topic, QueueId = -1, Timestamp = timestamp, IsForce = true };
        var offsets = new Dictionary<MessageQueue, long>();
        foreach (BrokerRoute set in route.Brokers)
        {
            if (await SetsOnlyMembersAsync(set.Name, cancellationToken).ConfigureAwait(false) && !await HasMembersAsync(set.Name, group, cancellationToken).ConfigureAwait(false))
            {
                foreach (MessageQueue queue in route.ReadQueues.Where(queue => queue.BrokerName == set.Name))
                {
                    offsets[queue] = await WriteAsync(group, queue, timestamp, cancellationToken).ConfigureAwait(false);
                }
            }
            else
            {
                await AskAsync(set.Name, header, offsets, cancellationToken).ConfigureAwait(false);
            }
        }

        return offsets;
    }

    /// <summary>One queue, by an offset.</summary>
    public async ValueTask<IReadOnlyDictionary<MessageQueue, long>> ResetAsync(string group, MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        await RouteAsync(group, queue.Topic, cancellationToken).ConfigureAwait(false);
        var offsets = new Dictionary<MessageQueue, long>();
        if (await SetsOnlyMembersAsync(queue.BrokerName, cancellationToken).ConfigureAwait(false))
        {
            if (await HasMembersAsync(queue.BrokerName, group, cancellationToken).ConfigureAwait(false))
            {
                throw new RequestRefusedException(
                    $"Setting the progress of group {group} in {queue} was not asked for: broker {queue.BrokerName} is older than RocketMQ 5 and would send all queues of the topic to their ends. Stop the group's members first, or reset the topic by time.",
                    ResponseCode.RequestCodeNotSupported,
                    null);
            }

            await new QueueReader(calls.Connection, group).CommitAsync(queue, offset, cancellationToken).ConfigureAwait(false);
            offsets[queue] = offset;
        }
        else
        {
            var header = new ResetOffsetRequestHeader { Group = group, Topic = queue.Topic, QueueId = queue.QueueId, Offset = offset, Timestamp = End, IsForce = true };
            await AskAsync(queue.BrokerName, header, offsets, cancellationToken).ConfigureAwait(false);
        }

        return offsets;
    }

    private async ValueTask<TopicRoute> RouteAsync(string group, string topic, CancellationToken cancellationToken)
    {
        Names.RequireGroup(group);
        Names.RequireTopic(topic);
        return await calls.Connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false)
            ?? throw new TopicNotFoundException(topic, $"No name server knows topic {topic}.");
    }

    private async ValueTask<bool> SetsOnlyMembersAsync(string broker, CancellationToken cancellationToken)
    {
        string version = await calls.VersionAsync(broker, cancellationToken).ConfigureAwait(false);
        return version.StartsWith("V3_", StringComparison.Ordinal) || version.StartsWith("V4_", StringComparison.Ordinal);
    }

    private async ValueTask<bool> HasMembersAsync(string broker, string group, CancellationToken cancellationToken)
    {
        var header = new GetConsumerConnectionListRequestHeader { ConsumerGroup = group };
        string what = $"Asking for the members of group {group} on broker {broker}";
        using RemotingResponse response = await calls.AskAsync(broker, RequestCode.GetConsumerConnectionList, header, what, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => true,
            ResponseCode.ConsumerNotOnline => false,
            _ => throw CallErrors.Refused(response, what, broker),
        };
    }

    private async ValueTask AskAsync(string broker, ResetOffsetRequestHeader header, Dictionary<MessageQueue, long> offsets, CancellationToken cancellationToken)
    {
        string what = $"Resetting the progress of group {header.Group} in topic {header.Topic}";
        using RemotingResponse response = await calls.RequireAsync(broker, RequestCode.InvokeBrokerToResetOffset, header, default, what, cancellationToken).ConfigureAwait(false);
        ResetOffsetBody body = RemoteCalls.Read(
            response, what, broker, static answer => answer.Body.IsEmpty ? new ResetOffsetBody() : LenientJson.Read(answer.Body.Span, AdminJson.Bodies.ResetOffsetBody), mayHaveHappened: true);
        foreach ((MessageQueueData queue, long next) in body.Offsets.Entries)
        {
            offsets[new MessageQueue(queue.Topic, queue.BrokerName, queue.QueueId)] = next;
        }
    }

    private async ValueTask<long> WriteAsync(string group, MessageQueue queue, long timestamp, CancellationToken cancellationToken)
    {
        var reader = new QueueReader(calls.Connection, group);
        long offset = timestamp == End
            ? await reader.GetMaxOffsetAsync(queue, cancellationToken).ConfigureAwait(false)
            : await reader.SearchOffsetAsync(queue, DateTimeOffset.FromUnixTimeMilliseconds(timestamp), cancellationToken).ConfigureAwait(false);
        await reader.CommitAsync(queue, offset, cancellationToken).ConfigureAwait(false);
        return offset;
    }
}
