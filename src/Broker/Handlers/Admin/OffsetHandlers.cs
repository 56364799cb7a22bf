using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>
/// QUERY_CORRECTION_OFFSET (308): by queue, the least progress of the groups in a topic; the largest number where the
/// compared group is behind it. Groups to leave out are left out, nothing else (RocketMQ removes their progress).
/// </summary>
internal sealed class CorrectionOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        QueryCorrectionOffsetRequestHeader header = QueryCorrectionOffsetRequestHeader.Read(request.Fields);
        HashSet<string> left = [.. (header.FilterGroups ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries)];
        var body = new QueryCorrectionOffsetBody();
        foreach (string group in core.Offsets.GroupsOf(header.Topic).Where(group => !left.Contains(group)))
        {
            foreach ((int queueId, long offset) in core.Tables.Offsets.Queues(group, header.Topic))
            {
                if (offset >= core.Offsets.Min(header.Topic, queueId))
                {
                    body.Offsets[queueId] = Math.Min(offset, body.Offsets.GetValueOrDefault(queueId, long.MaxValue));
                }
            }
        }

        foreach ((int queueId, long offset) in core.Tables.Offsets.Queues(header.CompareGroup, header.Topic))
        {
            if (body.Offsets.TryGetValue(queueId, out long least) && least > offset)
            {
                body.Offsets[queueId] = long.MaxValue;
            }
        }

        return Answer.With(request, body, AdminJson.Bodies.QueryCorrectionOffsetBody);
    }
}

/// <summary>CLONE_GROUP_OFFSET (314): gives a group the progress of another. On disk when it is answered.</summary>
internal sealed class CloneOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        CloneGroupOffsetRequestHeader header = CloneGroupOffsetRequestHeader.Read(request.Fields);
        if (TopicName.RejectGroup(header.TargetGroup) is { } remark)
        {
            return Answer.With(request, ResponseCode.InvalidParameter, $"destGroup: {remark}");
        }

        IEnumerable<string> topics = string.IsNullOrWhiteSpace(header.Topic) ? core.Tables.Offsets.TopicsOf(header.SourceGroup) : [header.Topic];
        foreach (string topic in topics)
        {
            if (core.Topics.Find(topic) is null || (!header.Offline && !ConsumeStatsReader.Counts(core, header.SourceGroup, topic)))
            {
                continue;
            }

            foreach ((int queueId, long offset) in core.Tables.Offsets.Queues(header.SourceGroup, topic))
            {
                if (!core.Offsets.Commit(header.TargetGroup, topic, queueId, offset))
                {
                    return Answer.With(request, ResponseCode.SystemBusy, $"broker busy: progress of {core.Options.MaxOffsets} queues is kept, as many as may be");
                }
            }
        }

        core.Tables.OffsetFlush.Flush();
        return Answer.With(request);
    }
}
