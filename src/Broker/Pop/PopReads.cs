using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>Pops and peeks: which queues are looked at in which order, and what is taken from each.</summary>
internal sealed class PopReads(PopTable table, QueueReads reads, ITopics topics, IOffsets offsets, OffsetResets resets, BrokerOptions options, BrokerMetrics metrics, BrokerStatistics statistics, TimeProvider time)
{
    private const int OneInFive = 5;

    [ThreadStatic]
    private static RecordBatch? _batch;

    private int _turn;

    public PopStatus Pop(in PopRequest request, PopAnswer answer)
    {
        answer.PopTime = Now();
        if (table.FindOrAdd(request.Topic.Name, request.Group.Name) is not { } group)
        {
            return PopStatus.Full;
        }

        answer.ReviveQueueId = request.IsOrdered ? PopNames.OrderReviveQueue : group.Account.Id;
        if (!request.IsOrdered && !table.HasRoom)
        {
            return PopStatus.Full;
        }

        int draw = Draw();
        bool retryFirst = draw < options.PopFromRetryProbability;
        BrokerTopic? retry = request.IsOrdered ? null : topics.Find(RetryTopic(group, draw));
        if (retryFirst)
        {
            PopTopic(request, group, retry, draw, answer);
        }

        if (request.QueueId < 0)
        {
            PopTopic(request, group, request.Topic, draw, answer);
        }
        else
        {
            PopQueue(request, group, request.Topic, request.QueueId, answer);
        }

        if (!retryFirst && answer.Count < request.MaxMessages)
        {
            PopTopic(request, group, retry, draw, answer);
        }

        return answer.Count > 0 ? PopStatus.Found : PopStatus.Nothing;
    }

    public PopStatus Peek(in PopRequest request, PopAnswer answer)
    {
        answer.PopTime = Now();
        int draw = Draw();
        bool retryFirst = draw % OneInFive == 0;
        BrokerTopic? retry = topics.Find(PopNames.Retry(request.Topic.Name, request.Group.Name, options.PopRetryTopicV2));
        if (retryFirst)
        {
            PeekTopic(request, retry, -1, draw, answer);
        }

        PeekTopic(request, request.Topic, request.QueueId, draw, answer);
        if (!retryFirst && answer.Count < request.MaxMessages)
        {
            PeekTopic(request, retry, -1, draw, answer);
        }

        return answer.Count > 0 ? PopStatus.Found : PopStatus.Nothing;
    }

    public bool HasMessages(in PopRequest request)
    {
        if (HasIn(request, request.Topic, request.QueueId))
        {
            return true;
        }

        return !request.IsOrdered
            && (HasIn(request, topics.Find(PopNames.Retry(request.Topic.Name, request.Group.Name, options.PopRetryTopicV2)), -1)
                || (ReadsBothRetryTopics && HasIn(request, topics.Find(PopNames.Retry(request.Topic.Name, request.Group.Name, isV2: false)), -1)));
    }

    private bool ReadsBothRetryTopics => options.PopRetryTopicV2 && options.PopReadRetryTopicV1;

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    // No two pops in a row begin at the same queue, and every hundredth part is drawn equally often.
    private int Draw() => (int)((((uint)Interlocked.Increment(ref _turn) * 2654435769u) >> 8) % 100);

    private string RetryTopic(PopGroup group, int draw) =>
        !options.PopRetryTopicV2 || (options.PopReadRetryTopicV1 && draw % 2 == 0) ? group.RetryV1 : group.RetryV2;

    private void PopTopic(in PopRequest request, PopGroup group, BrokerTopic? topic, int draw, PopAnswer answer)
    {
        for (int i = 0; i < (topic?.ReadQueues ?? 0); i++)
        {
            PopQueue(request, group, topic!, (draw + i) % topic!.ReadQueues, answer);
        }
    }

    private void PopQueue(in PopRequest request, PopGroup group, BrokerTopic topic, int queueId, PopAnswer answer)
    {
        PopQueue queue = group.Queue(topic.Name, queueId)!;
        lock (queue.Lock)
        {
            long offset = Position(queue, request.FromOldest);
            if (offset < 0 || (request.IsOrdered && queue.Order?.Blocks(request.AttemptId, request.InvisibleTime, answer.PopTime) == true))
            {
                return;
            }

            if (answer.Count >= request.MaxMessages || answer.Bytes >= options.MaxPullBytes || (!request.IsOrdered && (queue.InFlight >= options.MaxPopInFlight || !table.HasRoom)))
            {
                answer.Rest += Math.Max(0, offsets.Max(topic.Name, queueId) - offset);
                return;
            }

            RecordBatch batch = _batch ??= new RecordBatch();
            try
            {
                Take(request, queue, offset, batch, answer);
            }
            finally
            {
                batch.Clear();
            }
        }
    }

    private void Take(in PopRequest request, PopQueue queue, long offset, RecordBatch batch, PopAnswer answer)
    {
        ReadOutcome outcome = Read(request, queue, offset, answer, batch);
        if (outcome.Status is ReadStatus.OffsetTooSmall or ReadStatus.OffsetTooLarge or ReadStatus.QueueEmpty)
        {
            offset = outcome.NextOffset;
            queue.Commit(offsets, offset);
            outcome = Read(request, queue, offset, answer, batch);
        }

        if (batch.Count > 0)
        {
            bool isKept = request.IsOrdered ? TakeInOrder(request, queue, offset, batch, answer) : Account(request, queue, offset, outcome.NextOffset, batch, answer);
            if (!isKept)
            {
                answer.Rest += batch.Count;
                return;
            }

            metrics.Sent(batch.Count, batch.Bytes);
            statistics.GroupGet(queue.Topic, request.Group.Name, batch.Count, batch.Bytes);
            AddInfos(queue, offset, batch, answer);
            Hand(request, queue, offset, batch, answer);
        }
        else if (outcome.Status == ReadStatus.NoMatchedMessage)
        {
            if (request.IsOrdered)
            {
                queue.Commit(offsets, outcome.NextOffset);
            }
            else
            {
                queue.Advance(outcome.NextOffset, 0);
                queue.CommitKept(offsets, table.IsKept);
            }
        }

        answer.Rest += Math.Max(0, outcome.MaxOffset - outcome.NextOffset);
    }

    private ReadOutcome Read(in PopRequest request, PopQueue queue, long offset, PopAnswer answer, RecordBatch batch) => reads.Read(
        new ReadRequest(queue.Topic, queue.QueueId, offset, request.MaxMessages - answer.Count, options.MaxPullBytes, request.Filter), batch);

    // The account is in the log before anybody gets the messages; saved progress follows when it is kept.
    private bool Account(in PopRequest request, PopQueue queue, long offset, long next, RecordBatch batch, PopAnswer answer)
    {
        var checkpoint = new Checkpoint
        {
            Queue = queue,
            Account = queue.Owner.Account,
            StartOffset = offset,
            PopTime = answer.PopTime,
            InvisibleTime = request.InvisibleTime,
            Count = batch.Count,
            Distances = Distances(offset, batch),
        };
        if (queue.Contains(checkpoint.Key))
        {
            // Popped, set back and popped again in one millisecond: the next one will do.
            return false;
        }

        AppendResult appended = checkpoint.Account.Append(table.RecordOf(checkpoint), checkpoint);
        if (appended.Status != AppendStatus.Appended)
        {
            return false;
        }

        if (appended.End.Value > answer.AccountEnd.Value)
        {
            answer.AccountEnd = appended.End;
        }

        table.Follow(checkpoint, checkpoint.ReviveTime);
        queue.CommitKept(offsets, table.IsKept);
        queue.Advance(next, appended.End.Value);
        queue.CommitKept(offsets, table.IsKept);
        return true;
    }

    private bool TakeInOrder(in PopRequest request, PopQueue queue, long offset, RecordBatch batch, PopAnswer answer)
    {
        long[] given = new long[batch.Count];
        for (int i = 0; i < given.Length; i++)
        {
            given[i] = batch.QueueOffset(i);
        }

        if (!queue.Commit(offsets, offset))
        {
            return false;
        }

        queue.Order = PopOrder.Of(queue.Order, request.AttemptId, answer.PopTime, request.InvisibleTime, given, answer.PopTime);
        queue.Order.Write(answer.OrderCounts, PopNames.RetryMark(queue.Topic), queue.QueueId);
        table.FreeLater(queue, answer.PopTime);
        return true;
    }

    private static int[]? Distances(long offset, RecordBatch batch)
    {
        if (batch.QueueOffset(batch.Count - 1) == offset + batch.Count - 1)
        {
            return null;
        }

        int[] distances = new int[batch.Count];
        for (int i = 0; i < distances.Length; i++)
        {
            distances[i] = (int)(batch.QueueOffset(i) - offset);
        }

        return distances;
    }

    private static void AddInfos(PopQueue queue, long offset, RecordBatch batch, PopAnswer answer)
    {
        char mark = PopNames.RetryMark(queue.Topic);
        answer.StartOffsets.Begin(mark);
        answer.StartOffsets.AddNumber(queue.QueueId);
        answer.StartOffsets.AddNumber(offset);
        answer.MessageOffsets.Begin(mark);
        answer.MessageOffsets.AddNumber(queue.QueueId);
        for (int i = 0; i < batch.Count; i++)
        {
            answer.MessageOffsets.AddNumber(batch.QueueOffset(i), i == 0 ? ' ' : ',');
        }
    }

    // What came back is shown under its first topic, with its handle: clients could not make one of infos that name another.
    private void Hand(in PopRequest request, PopQueue queue, long offset, RecordBatch batch, PopAnswer answer)
    {
        if (options.PopActualRetryTopic || queue.Topic == request.Topic.Name)
        {
            answer.Take(batch);
            return;
        }

        BrokerTopic topic = request.Topic;
        var handle = new ReceiptHandle(offset, answer.PopTime, request.InvisibleTime, answer.ReviveQueueId);
        char mark = PopNames.RetryMark(queue.Topic);
        answer.TakeWritten(batch, (record, at) => RetryRecord.Write(record, topic.NameUtf8, handle.Format(mark, options.Name, queue.QueueId, at)));
    }

    private long Position(PopQueue queue, bool fromOldest)
    {
        long offset = queue.Position(offsets, out bool wentBack);
        if (resets.TryTake(queue.Topic, queue.Owner.Group, queue.QueueId, out long reset))
        {
            wentBack |= queue.Reset(offsets, reset);
            offset = reset;
        }

        if (wentBack)
        {
            // A start that finds the pops from before must not take them for the group's progress.
            queue.Owner.Account.Append(new ReviveRecord
            {
                Kind = ReviveRecordKind.Reset,
                Topic = queue.Topic,
                Group = queue.Owner.Group,
                QueueId = queue.QueueId,
                StartOffset = offset,
                PopTime = Now(),
                BrokerName = options.Name,
            });
        }

        if (offset >= 0)
        {
            return offset;
        }

        offset = Begin(queue.Topic, queue.QueueId, fromOldest);
        return queue.Commit(offsets, offset) ? offset : -1;
    }

    private long Begin(string topic, int queueId, bool fromOldest)
    {
        long min = offsets.Min(topic, queueId);
        if (fromOldest || topic.StartsWith(Topics.TopicName.RetryPrefix, StringComparison.Ordinal))
        {
            return min;
        }

        return min <= 0 && reads.IsFirstRecent(topic, queueId) ? 0 : Math.Max(0, offsets.Max(topic, queueId) - 1);
    }

    private void PeekTopic(in PopRequest request, BrokerTopic? topic, int queueId, int draw, PopAnswer answer)
    {
        if (topic is null)
        {
            return;
        }

        RecordBatch batch = _batch ??= new RecordBatch();
        for (int i = 0; i < (queueId < 0 ? topic.ReadQueues : 1); i++)
        {
            int queue = queueId < 0 ? (draw + i) % topic.ReadQueues : queueId;
            long offset = PeekOffset(request, topic.Name, queue);
            answer.Rest += Math.Max(0, offsets.Max(topic.Name, queue) - offset);
            int room = Math.Min(request.MaxMessages, options.MaxPullMessages) - answer.Count;
            if (room <= 0 || answer.Bytes >= options.MaxPullBytes)
            {
                continue;
            }

            ReadOutcome outcome = reads.Read(new ReadRequest(topic.Name, queue, offset, room, options.MaxPullBytes), batch);
            if (outcome.Status is ReadStatus.OffsetTooSmall or ReadStatus.OffsetTooLarge)
            {
                reads.Read(new ReadRequest(topic.Name, queue, outcome.NextOffset, room, options.MaxPullBytes), batch);
            }

            answer.Take(batch);
        }
    }

    private long PeekOffset(in PopRequest request, string topic, int queueId)
    {
        if (table.FindQueue(topic, request.Group.Name, queueId) is { } queue)
        {
            lock (queue.Lock)
            {
                long next = queue.Position(offsets, out _);
                if (next >= 0)
                {
                    return next;
                }
            }
        }

        long saved = offsets.Query(request.Group.Name, topic, queueId);
        return saved >= 0 ? saved : offsets.Min(topic, queueId);
    }

    private bool HasIn(in PopRequest request, BrokerTopic? topic, int queueId)
    {
        if (topic is null)
        {
            return false;
        }

        for (int i = queueId < 0 ? 0 : queueId; i < (queueId < 0 ? topic.ReadQueues : queueId + 1); i++)
        {
            if (table.FindQueue(topic.Name, request.Group.Name, i) is { } queue)
            {
                lock (queue.Lock)
                {
                    bool isClosed = request.IsOrdered
                        ? queue.Order?.Blocks(request.AttemptId, 0, Now()) == true
                        : queue.InFlight >= options.MaxPopInFlight;
                    if (isClosed)
                    {
                        continue;
                    }
                }
            }

            if (offsets.Max(topic.Name, i) > PeekOffset(request, topic.Name, i))
            {
                return true;
            }
        }

        return false;
    }
}
