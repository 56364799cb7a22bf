using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>
/// INVOKE_BROKER_TO_RESET_OFFSET (222): sets a group's progress in a topic by a time or an offset, whether the group runs or
/// not. Running members are told (220); until one reads from the new offset, what they save does not count. On disk when
/// it is answered.
/// </summary>
internal sealed class ResetOffsetHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        ResetOffsetRequestHeader header = ResetOffsetRequestHeader.Read(request.Fields);
        (int code, string? remark) = Check(header, out BrokerTopic? topic);
        if (topic is null)
        {
            return Answer.With(request, code, remark);
        }

        Dictionary<int, long> offsets = Wanted(header, topic, out remark);
        remark ??= offsets.Count == 0 ? "No queues to reset." : null;
        if (remark is not null)
        {
            return Answer.With(request, ResponseCode.SystemError, remark);
        }

        var body = new ResetOffsetBody();
        foreach ((int queueId, long offset) in offsets)
        {
            if (!core.Offsets.Commit(header.Group, topic.Name, queueId, offset)
                || !core.Tables.Resets.Set(topic.Name, header.Group, queueId, offset, core.Options.MaxOffsetResets))
            {
                return Answer.With(request, ResponseCode.SystemBusy, "broker busy: as many resets or as much progress as may be is kept");
            }

            body.Offsets.Add(new MessageQueueData { Topic = topic.Name, BrokerName = core.Options.Name, QueueId = queueId }, offset);
        }

        core.Tables.OffsetFlush.Flush();
        Tell(header, body);
        foreach (int queueId in offsets.Keys)
        {
            core.Wake(topic.Name, queueId);
        }

        return Answer.With(request, body, AdminJson.Bodies.ResetOffsetBody);
    }

    private (int Code, string? Remark) Check(in ResetOffsetRequestHeader header, out BrokerTopic? topic)
    {
        topic = core.Topics.Find(header.Topic);
        if (topic is null)
        {
            return (ResponseCode.TopicNotExist, $"Topic {header.Topic} does not exist");
        }

        string? remark = null;
        int code = ResponseCode.SystemError;
        if (core.Groups.Find(header.Group) is null)
        {
            (code, remark) = (ResponseCode.SubscriptionGroupNotExist, $"Group {header.Group} does not exist");
        }
        else if (header.QueueId >= Math.Max(topic.ReadQueues, topic.WriteQueues))
        {
            (code, remark) = (ResponseCode.InvalidParameter, $"queueId[{header.QueueId}] is illegal, topic[{topic.Name}] has {topic.ReadQueues} queues");
        }
        else if (core.Groups.Members(header.Group).Any(static member => member is not ClientMember))
        {
            remark = $"Group {header.Group} is read by this process for HTTP or MQTT clients, which take no reset while they run";
        }

        if (remark is not null)
        {
            topic = null;
        }

        return (code, remark);
    }

    private Dictionary<int, long> Wanted(in ResetOffsetRequestHeader header, BrokerTopic topic, out string? remark)
    {
        remark = null;
        var offsets = new Dictionary<int, long>();
        if (header.QueueId is { } queueId and >= 0)
        {
            long min = core.Offsets.Min(topic.Name, queueId);
            long max = core.Offsets.Max(topic.Name, queueId);
            if (header.Offset is { } offset and not -1)
            {
                remark = offset < min || offset > max + 1
                    ? string.Create(CultureInfo.InvariantCulture, $"Target offset {offset} not in consume queue range [{min}-{max}]")
                    : null;
                offsets[queueId] = offset;
            }
            else
            {
                offsets[queueId] = ByTime(topic.Name, queueId, header.Timestamp);
            }

            return offsets;
        }

        for (int each = 0; each < topic.ReadQueues; each++)
        {
            offsets[each] = ByTime(topic.Name, each, header.Timestamp);
        }

        return offsets;
    }

    private long ByTime(string topic, int queueId, long timestamp) =>
        timestamp < 0 ? core.Offsets.Max(topic, queueId) : core.Offsets.Search(topic, queueId, timestamp);

    private void Tell(in ResetOffsetRequestHeader header, ResetOffsetBody body)
    {
        var notice = new ResetOffsetRequestHeader { Group = header.Group, Topic = header.Topic, Timestamp = header.Timestamp, IsForce = header.IsForce, QueueId = -1 };
        byte[]? plain = null;
        byte[]? list = null;
        foreach (ClientMember member in core.Groups.Members(header.Group).OfType<ClientMember>())
        {
            // Clients in C++ read a list.
            byte[] text = member.Language == "CPP" ? list ??= ListOf(body) : plain ??= LenientJson.Write(body, AdminJson.Bodies.ResetOffsetBody);
            member.Connection.TrySendOneWay(RequestCode.ResetConsumerClientOffset, notice, text);
        }
    }

    private static byte[] ListOf(ResetOffsetBody body) => Encoding.UTF8.GetBytes(
        "{\"offsetTable\":[" + string.Join(',', body.Offsets.Entries.Select(static entry => string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"brokerName\":\"{entry.Key.BrokerName}\",\"offset\":{entry.Value},\"queueId\":{entry.Key.QueueId},\"topic\":\"{entry.Key.Topic}\"}}"))) + "]}");
}
