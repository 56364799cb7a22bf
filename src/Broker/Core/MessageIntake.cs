using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Broker.Timers;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Timers;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The way in: checks a message, appends it, and waits until it is durable.</summary>
/// <remarks>Thread safe. Nothing is allocated for a message without delay.</remarks>
internal sealed class MessageIntake(
    MessageStore store, DelayLevels levels, TransactionService transactions, BrokerOptions options, BrokerMetrics metrics, BrokerStatistics statistics, TimeProvider time)
{
    private static readonly byte[] ScheduleTopic = Encoding.UTF8.GetBytes(TopicName.Schedule);

    private readonly FlowControl _flow = new(store, options, metrics);
    private readonly string _bodyLimit = $"the body is larger than {options.MaxBodySize} bytes";

    public ValueTask<SendOutcome> Send(in SendRequest request)
    {
        // Its flag alone would keep a message from its queue: it would be acknowledged and never seen.
        bool isMarked = (request.SystemFlag & MessageSysFlag.TransactionMask) != 0;
        return isMarked && !(request.MayBeHalf && HalfProperties.IsHalf(request.Properties))
            ? Refuse(new SendOutcome(SendStatus.Unsupported, Remark: "the system flag says that the message is of a transaction, its property TRAN_MSG does not"))
            : _flow.MayWait(out SendOutcome busy) ? Put(request, wasTaken: false) : Refuse(busy);
    }

    /// <summary>Sends whose answer waits for the disk.</summary>
    public int Waiting => _flow.Waiting;

    /// <summary>Why the log did not take a message that another part of the broker appended.</summary>
    public SendOutcome Refusal(AppendStatus status) => status switch
    {
        AppendStatus.MessageTooLarge => new SendOutcome(SendStatus.BodyInvalid, Remark: _bodyLimit),
        AppendStatus.PropertiesTooLarge => new SendOutcome(SendStatus.PropertiesInvalid, Remark: "the properties are larger than 32767 bytes"),
        AppendStatus.Malformed => new SendOutcome(SendStatus.BodyInvalid, Remark: "the message is illegal"),
        _ => _flow.Refuse(status),
    };

    /// <summary>As <see cref="Send"/>, for messages that were taken before: those of a transaction that ended are like others.</summary>
    public ValueTask<SendOutcome> Put(in SendRequest request) => Put(request, wasTaken: true);

    private ValueTask<SendOutcome> Put(in SendRequest request, bool wasTaken)
    {
        int queueId = ChooseQueue(request);
        SendOutcome refused = Check(request, queueId);
        if (refused.Status != SendStatus.Ok)
        {
            return Refuse(refused);
        }

        PropertyScan scan = PropertyScan.Of(request.Properties);
        if (scan.Refusal is not null)
        {
            return Refuse(new SendOutcome(scan.RefusalStatus, Remark: scan.Refusal));
        }

        if (scan.IsHalf && !wasTaken && !(request.ReconsumeTimes > 0 && scan.DelayLevel > 0))
        {
            return PutHalf(request, queueId, scan);
        }

        if (request.Topic.IsCompacted && KeyCheck.Reject(store, request.Topic.Name, queueId, request.Properties) is { } keyless)
        {
            return Refuse(keyless);
        }

        int level = request.DelayLevel > 0 ? request.DelayLevel : scan.DelayLevel;
        if (level <= 0 && (request.DeliverAt > 0 || scan.Time.IsSet))
        {
            return PutTimer(request, queueId, scan.Time);
        }

        AppendResult appended = level > 0
            ? AppendDelayed(request, queueId, Math.Min(level, levels.Count))
            : store.Append(ToStore(request, request.Topic.NameUtf8, queueId, request.Properties));
        return Complete(appended, request.Topic.Name, queueId, request.Body.Length, null);
    }

    /// <summary>A recall: it waits whatever the permissions and queues of the topic are by now.</summary>
    public ValueTask<SendOutcome> Recall(in SendRequest request) => PutTimer(request, 0, default(DeliveryTime).With(TimerTopic.DeleteUniqueKey, default));

    public ValueTask<SendOutcome> SendBatch(in SendRequest request)
    {
        if ((request.SystemFlag & MessageSysFlag.TransactionMask) != 0)
        {
            return Refuse(new SendOutcome(SendStatus.Unsupported, Remark: "a batch may not be of a transaction"));
        }

        if (!_flow.MayWait(out SendOutcome busy))
        {
            return Refuse(busy);
        }

        int queueId = ChooseQueue(request);
        SendOutcome refused = Check(request, queueId);
        if (refused.Status != SendStatus.Ok)
        {
            return Refuse(refused);
        }

        string? unfit = BatchScan.Reject(request.Body, options.MaxBodySize);
        if (unfit is not null)
        {
            return Refuse(new SendOutcome(SendStatus.BodyInvalid, Remark: unfit));
        }

        if (request.Topic.IsCompacted && KeyCheck.RejectBatch(store, request.Topic.Name, queueId, request) is { } keyless)
        {
            return Refuse(keyless);
        }

        MessageToStore message = ToStore(request, request.Topic.NameUtf8, queueId, request.Properties);
        AppendResult appended = store.AppendBatch(message);
        long[]? offsets = appended.Status == AppendStatus.Appended
            ? BatchScan.Offsets(message, store.Options, appended)
            : null;
        return Complete(appended, request.Topic.Name, queueId, request.Body.Length, offsets);
    }

    private ValueTask<SendOutcome> PutHalf(in SendRequest request, int queueId, in PropertyScan scan)
    {
        if (!request.MayBeHalf)
        {
            return Refuse(new SendOutcome(SendStatus.Unsupported, Remark: "messages of a transaction come from producers of the broker's own protocol only"));
        }

        if (scan.IsDelayed)
        {
            return Refuse(new SendOutcome(SendStatus.PropertiesInvalid, Remark: "the message of a transaction may not be delayed"));
        }

        if (request.Topic.IsCompacted && KeyCheck.Reject(store, request.Topic.Name, queueId, request.Properties) is { } keyless)
        {
            return Refuse(keyless);
        }

        return transactions.Refuse(request) is { } refused
            ? Refuse(refused)
            : Complete(transactions.Append(ToStore(request, request.Topic.NameUtf8, queueId, request.Properties)), HalfTopics.Half, queueId, request.Body.Length, null);
    }

    private static int ChooseQueue(in SendRequest request)
    {
        int queues = request.Topic.WriteQueues;
        if (request.QueueId >= 0 || queues <= 0)
        {
            return Math.Max(0, request.QueueId);
        }

        return request.OrderingHash is { } hash ? (int)((uint)hash % (uint)queues) : request.Topic.NextQueue();
    }

    private SendOutcome Check(in SendRequest request, int queueId)
    {
        BrokerTopic topic = request.Topic;
        if ((options.Permission & BrokerTopic.Write) == 0)
        {
            return new SendOutcome(SendStatus.NoPermission, Remark: $"the broker[{options.Name}] sending message is forbidden");
        }

        if ((request.SystemFlag & MessageSysFlag.InnerBatch) != 0)
        {
            return new SendOutcome(SendStatus.BodyInvalid, Remark: PropertyScan.InnerBatch);
        }

        if (!topic.IsWritable)
        {
            return new SendOutcome(SendStatus.NoPermission, Remark: $"the topic[{topic.Name}] sending message is forbidden");
        }

        int queues = Math.Max(topic.WriteQueues, topic.ReadQueues);
        if (queueId >= queues)
        {
            return new SendOutcome(SendStatus.QueueInvalid, Remark: $"request queueId[{queueId}] is illegal, topic[{topic.Name}] has {queues} queues");
        }

        return default;
    }

    private static MessageToStore ToStore(in SendRequest request, ReadOnlySpan<byte> topic, int queueId, ReadOnlySpan<byte> properties) => new()
    {
        Topic = topic,
        QueueId = queueId,
        Body = request.Body,
        Properties = properties,
        Flag = request.Flag,
        SysFlag = request.Topic.FilterType == "MULTI_TAG" ? request.SystemFlag | MessageSysFlag.MultiTags : request.SystemFlag,
        BornTimestamp = request.BornTime,
        BornHost = HostAddress.From(request.BornHost),
        ReconsumeTimes = request.ReconsumeTimes,
    };

    private AppendResult AppendDelayed(in SendRequest request, int queueId, int level)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties + 1);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            return PropertyScan.CopyForDelay(ref writer, request.Properties, level, request.Topic.NameUtf8, queueId)
                ? store.Append(ToStore(request, ScheduleTopic, level - 1, writer.Written))
                : new AppendResult(AppendStatus.PropertiesTooLarge);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask<SendOutcome> PutTimer(in SendRequest request, int queueId, in DeliveryTime asked)
    {
        long deliverAt = request.DeliverAt;
        if (deliverAt <= 0 && !asked.TryResolve(time.GetUtcNow().ToUnixTimeMilliseconds(), out deliverAt))
        {
            return Refuse(TimerRefusals.Illegal(options));
        }

        TimerAdmission admission = store.Timers.Admit(deliverAt, out long outMs, asked.Recalls);
        if (admission == TimerAdmission.Due && !asked.Recalls)
        {
            return Complete(store.Append(ToStore(request, request.Topic.NameUtf8, queueId, request.Properties)), request.Topic.Name, queueId, request.Body.Length, null);
        }

        if (admission != TimerAdmission.Taken)
        {
            return Refuse(TimerRefusals.Of(admission, options));
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties + 1);
        try
        {
            // What delivering adds must have room still.
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties - TimerTopic.Headroom));
            AppendResult appended = DeliveryTime.Copy(ref writer, request.Properties, request.DeliverAt, outMs, request.Topic.NameUtf8, queueId)
                ? store.Append(ToStore(request, TimerTopic.Name, 0, writer.Written))
                : new AppendResult(AppendStatus.PropertiesTooLarge);
            return Complete(appended, request.Topic.Name, queueId, request.Body.Length, null, request.Topic.IsRetry ? 0 : outMs + 1);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask<SendOutcome> Complete(in AppendResult appended, string topic, int queueId, int bytes, long[]? offsets, long recallTime = 0)
    {
        if (appended.Status != AppendStatus.Appended)
        {
            return Refuse(Refusal(appended.Status));
        }

        int messages = Math.Max(1, appended.Count);
        metrics.Received(messages, bytes);
        statistics.TopicPut(topic, messages, appended.Size);
        var outcome = new SendOutcome(SendStatus.Ok, queueId, appended.QueueOffset, appended.PhysicalOffset) { BatchOffsets = offsets, RecallTime = recallTime };
        return _flow.WhenDurableAsync(store.WaitDurableAsync(appended.End), outcome);
    }

    public ValueTask<SendOutcome> Refuse(in SendOutcome outcome)
    {
        metrics.Refused(outcome.Status);
        return new ValueTask<SendOutcome>(outcome);
    }
}
