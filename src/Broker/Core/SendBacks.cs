using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// What a group could not consume: to its retry topic after a delay that grows with the tries, or to its dead letters.
/// </summary>
internal sealed class SendBacks(MessageStore store, MessageIntake intake, TopicTable topics, ConsumerTable groups, BrokerOptions options, BrokerMetrics metrics, BrokerStatistics statistics)
{
    /// <summary>Delay level of the first try after the first failure.</summary>
    private const int FirstRetryLevel = 3;

    public ValueTask<SendOutcome> SendBack(in SendBackRequest request)
    {
        if (groups.FindOrCreate(request.Group) is not { } settings)
        {
            return intake.Refuse(new SendOutcome(SendStatus.GroupNotFound, Remark: $"subscription group not exist, {request.Group}"));
        }

        if (settings.RetryQueues <= 0)
        {
            return new ValueTask<SendOutcome>(new SendOutcome(SendStatus.Ok));
        }

        using RecordLease lease = request.PhysicalOffset < 0 ? default : store.ReadRecord(request.PhysicalOffset);
        if (lease.IsEmpty || !lease.TryRead(out MessageRecord record))
        {
            return intake.Refuse(new SendOutcome(SendStatus.MessageNotFound, Remark: $"look message by offset failed, {request.PhysicalOffset}"));
        }

        int most = request.MaxReconsumeTimes is { } asked and >= 0 ? asked : settings.MaxRetries;
        bool dead = record.ReconsumeTimes >= most || (request.DelayLevel < 0 && !request.WithoutDelay);
        SendStatus found = Target(settings, dead, out BrokerTopic? target);
        if (found != SendStatus.Ok)
        {
            return intake.Refuse(new SendOutcome(found, Remark: $"the topic of group {request.Group} for {(dead ? "dead letters" : "retries")} cannot be made"));
        }

        long deliverAt = dead || request.WithoutDelay ? 0 : request.DeliverAt;
        int level = dead || request.WithoutDelay || deliverAt > 0 ? 0
            : request.DelayLevel == 0 ? FirstRetryLevel + record.ReconsumeTimes
            : request.DelayLevel;
        statistics.Count(StatisticKind.SendBack, Encoding.UTF8.GetString(OriginalTopic(record)), settings.Name, 1);
        return Put(record, target!, level, deliverAt);
    }

    /// <summary>
    /// A consumer sends to its retry topic itself when its send-back failed: after the last try, and for a group that
    /// consumes in order (it tried by itself), that is a dead letter.
    /// </summary>
    public ValueTask<SendOutcome> SendToRetry(in SendRequest request)
    {
        string group = request.Topic.Name[TopicName.RetryPrefix.Length..];
        if (groups.FindOrCreate(group) is not { } settings)
        {
            return intake.Refuse(new SendOutcome(SendStatus.GroupNotFound, Remark: $"subscription group not exist, {group}"));
        }

        if (request.ReconsumeTimes <= (request.MaxReconsumeTimes ?? settings.MaxRetries) && !groups.AnyLockHeld(group))
        {
            metrics.Retried();
            return intake.Send(request);
        }

        SendStatus found = Target(settings, dead: true, out BrokerTopic? target);
        if (found != SendStatus.Ok)
        {
            return intake.Refuse(new SendOutcome(found, Remark: $"the topic of group {group} for dead letters cannot be made"));
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer);
            PropertyScan.CopyWithoutDelay(ref writer, request.Properties);
            metrics.DeadLetter();
            return intake.Send(new SendRequest
            {
                Topic = target!,
                QueueId = -1,
                Flag = request.Flag,
                SystemFlag = request.SystemFlag,
                BornTime = request.BornTime,
                BornHost = request.BornHost,
                ReconsumeTimes = request.ReconsumeTimes,
                Properties = writer.Written,
                Body = request.Body,
            });
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask<SendOutcome> Put(in MessageRecord record, BrokerTopic target, int level, long deliverAt)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            if (!CopyForRetry(ref writer, record))
            {
                return intake.Refuse(new SendOutcome(SendStatus.PropertiesInvalid, Remark: "no room for the properties of a retry"));
            }

            if (target.IsRetry)
            {
                metrics.Retried();
            }
            else
            {
                metrics.DeadLetter();
            }

            return intake.Put(new SendRequest
            {
                Topic = target,
                QueueId = -1,
                Flag = record.Flag,
                SystemFlag = record.SysFlag,
                BornTime = record.BornTimestamp,
                BornHost = record.BornHost.ToEndPoint(),
                ReconsumeTimes = record.ReconsumeTimes + 1,
                DelayLevel = level,
                DeliverAt = deliverAt,
                Properties = writer.Written,
                Body = record.Body,
            });
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The message keeps its properties; its first topic and id stay those of the first time.
    private static bool CopyForRetry(ref PropertyTextWriter writer, in MessageRecord record)
    {
        if (!PropertyScan.CopyWithoutDelay(ref writer, record.Properties))
        {
            return false;
        }

        if (!PropertyText.TryGet(record.Properties, SystemProperties.RetryTopic, out _)
            && !writer.TryAdd(SystemProperties.RetryTopic, record.Topic))
        {
            return false;
        }

        return PropertyText.TryGet(record.Properties, SystemProperties.OriginMessageId, out _)
            || writer.TryAdd(SystemProperties.OriginMessageId, Encoding.ASCII.GetBytes(OffsetMessageId.Format(record.StoreHost, record.PhysicalOffset)));
    }

    private static ReadOnlySpan<byte> OriginalTopic(in MessageRecord record) =>
        PropertyText.TryGet(record.Properties, SystemProperties.RetryTopic, out ReadOnlySpan<byte> topic) ? topic : record.Topic;

    private SendStatus Target(SubscriptionGroup settings, bool dead, out BrokerTopic? target)
    {
        int queues = dead ? options.DeadLetterQueues : settings.RetryQueues;
        string name = dead ? TopicName.DeadLetter(settings.Name) : TopicName.Retry(settings.Name);
        return topics.Find(name) is { } known
            ? Known(known, out target)
            : topics.CreateIfAbsent(new BrokerTopic { Name = name, ReadQueues = queues, WriteQueues = queues }, out target);
    }

    private static SendStatus Known(BrokerTopic known, out BrokerTopic? target)
    {
        target = known;
        return SendStatus.Ok;
    }
}
