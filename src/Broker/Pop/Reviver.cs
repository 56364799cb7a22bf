using System.Buffers;
using System.Buffers.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// Brings messages back whose invisible time is over: to the retry topic of their group and topic, or, after the last try, to the
/// group's dead letters.
/// </summary>
internal sealed partial class Reviver(PopTable table, MessageStore store, TopicTable topics, SubscriptionGroupTable groups, BrokerOptions options, BrokerMetrics metrics, ILogger<Reviver> logger)
{
    /// <summary>Pops that one round looks at.</summary>
    private const int MostAtOnce = 4096;

    /// <summary>After this time another attempt is made where the log took nothing.</summary>
    private const int AgainAfter = 1000;

    private readonly List<DueNode> _due = [];

    private enum Outcome
    {
        Done,
        Later,
    }

    /// <summary>Revives what is due. One caller at a time.</summary>
    public void Run(long now)
    {
        table.Schedule.TakeDue(now, MostAtOnce, _due);
        foreach (DueNode node in _due)
        {
            Revive((Checkpoint)node, now);
        }

        _due.Clear();
    }

    private void Revive(Checkpoint checkpoint, long now)
    {
        PopQueue queue = checkpoint.Queue;
        lock (queue.Lock)
        {
            if (queue.Find(checkpoint.Key) != checkpoint)
            {
                return;
            }

            Span<long> revived = stackalloc long[Checkpoint.MostMessages];
            int count = 0;
            bool again = false;
            bool isWanted = topics.Find(queue.Owner.Topic) is not null && groups.Find(queue.Owner.Group) is not null;
            for (int i = 0; i < checkpoint.Count && !again; i++)
            {
                if ((checkpoint.Settled & (1u << i)) == 0)
                {
                    again = isWanted && TryBringBack(checkpoint, checkpoint.OffsetAt(i)) == Outcome.Later;
                    if (!again)
                    {
                        revived[count++] = checkpoint.OffsetAt(i);
                    }
                }
            }

            if (count > 0)
            {
                // What came back is settled here: a start that reads this does not bring it back once more.
                checkpoint.Account.Append(table.SettledRecord(queue, checkpoint.Key, checkpoint.BrokerName, revived[..count]));
                queue.Settle(checkpoint, revived[..count]);
            }

            if (checkpoint.Open == 0)
            {
                table.Forget(checkpoint);
            }
            else
            {
                table.Schedule.Add(checkpoint, now + AgainAfter);
            }
        }
    }

    /// <summary>What the disk refuses to read now it may give later.</summary>
    private Outcome TryBringBack(Checkpoint checkpoint, long offset)
    {
        try
        {
            return BringBack(checkpoint, offset);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(logger, error, checkpoint.Queue.Topic, checkpoint.Queue.QueueId, offset);
            return Outcome.Later;
        }
    }

    private Outcome BringBack(Checkpoint checkpoint, long offset)
    {
        PopQueue queue = checkpoint.Queue;
        Span<QueueEntry> entry = stackalloc QueueEntry[1];
        if (!store.TryGetQueue(queue.Topic, queue.QueueId, out ConsumeQueue? entries) || entries.ReadEntries(offset, entry) == 0 || entry[0].IsFiller)
        {
            return Outcome.Done;
        }

        store.ReadRecord(entries, offset, entry[0], out RecordLease lease);
        using (lease)
        {
            // What retention deleted, or what is damaged, does not come back.
            return lease.IsEmpty || !lease.TryRead(out MessageRecord record) ? Outcome.Done : Put(checkpoint, record);
        }
    }

    private Outcome Put(Checkpoint checkpoint, in MessageRecord record)
    {
        PopQueue queue = checkpoint.Queue;
        SubscriptionGroup group = groups.Find(queue.Owner.Group)!;
        bool isDead = record.ReconsumeTimes >= group.MaxRetries;
        string name = isDead ? TopicName.DeadLetter(group.Name)
            : queue.Topic != queue.Owner.Topic ? queue.Topic
            : options.PopRetryTopicV2 ? queue.Owner.RetryV2 : queue.Owner.RetryV1;
        int queues = isDead ? options.DeadLetterQueues : 1;
        if (Target(name, queues) is not { } target)
        {
            return Outcome.Later;
        }

        byte[] properties = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(properties.AsSpan(0, MessageRecord.MaxProperties));
            ReadOnlySpan<byte> text = Properties(ref writer, record, checkpoint.PopTime, isDead ? queue.Owner.Topic : null) ? writer.Written : record.Properties;
            AppendStatus status = store.Append(new MessageToStore
            {
                Topic = target.NameUtf8,
                QueueId = 0,
                Body = record.Body,
                Properties = text,
                Flag = record.Flag,
                SysFlag = record.SysFlag,
                BornTimestamp = record.BornTimestamp,
                BornHost = isDead ? record.BornHost : store.Options.StoreHost,
                ReconsumeTimes = record.ReconsumeTimes + 1,
            }).Status;
            if (status == AppendStatus.Appended)
            {
                Count(isDead);
                return Outcome.Done;
            }

            return Outcome.Later;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(properties);
        }
    }

    private BrokerTopic? Target(string name, int queues)
    {
        try
        {
            if (topics.CreateIfAbsent(new BrokerTopic { Name = name, ReadQueues = queues, WriteQueues = queues }, out BrokerTopic? target) == SendStatus.Ok)
            {
                return target;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The table of topics could not be written; it may be soon.
        }

        LogNoTopic(logger, name);
        return null;
    }

    private void Count(bool isDead)
    {
        if (isDead)
        {
            metrics.DeadLetter();
        }
        else
        {
            metrics.Retried();
        }
    }

    // False when there is no room for more than the message has.
    private static bool Properties(ref PropertyTextWriter writer, in MessageRecord record, long popTime, string? deadTopic)
    {
        bool isFirst = record.ReconsumeTimes == 0 || !PropertyText.TryGet(record.Properties, "1ST_POP_TIME"u8, out _);
        PropertyTextReader reader = PropertyText.Read(record.Properties);
        while (reader.MoveNext())
        {
            bool isLeftOut = isFirst && reader.Name.SequenceEqual("1ST_POP_TIME"u8);
            if (!isLeftOut && !writer.TryAdd(reader.Name, reader.Value))
            {
                return false;
            }
        }

        if (isFirst)
        {
            Span<byte> number = stackalloc byte[20];
            Utf8Formatter.TryFormat(popTime, number, out int length);
            if (!writer.TryAdd("1ST_POP_TIME"u8, number[..length]))
            {
                return false;
            }
        }

        return deadTopic is null
            || PropertyText.TryGet(record.Properties, SystemProperties.RetryTopic, out _)
            || writer.TryAdd("RETRY_TOPIC", deadTopic);
    }

    [LoggerMessage(EventId = 4013, Level = LogLevel.Warning, Message = "Popped messages cannot come back, the topic {Topic} cannot be made; it will be tried again")]
    private static partial void LogNoTopic(ILogger logger, string topic);

    [LoggerMessage(EventId = 4023, Level = LogLevel.Warning, Message = "The popped message {Offset} of {Topic}/{QueueId} could not be read to bring it back; it is tried again")]
    private static partial void LogNotRead(ILogger logger, Exception error, string topic, int queueId, long offset);
}
