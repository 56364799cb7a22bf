using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// Reads the account of popped messages from the log: at the start, all that is not settled; later, what timers of the broker
/// that had the directory before put there.
/// </summary>
internal sealed class ReviveLoad(PopTable table, MessageStore store, IOffsets offsets)
{
    /// <summary>What came through a timer may be followed by its acknowledgement within this time.</summary>
    private const int TimerSlack = 2000;

    private readonly Dictionary<(string Topic, string Group, int QueueId), long> _positions = [];

    /// <summary>Reads everything that is not settled, and the progress of the groups that it stands for.</summary>
    public void Run()
    {
        foreach (ReviveQueue account in table.Accounts)
        {
            if (store.TryGetQueue(table.ReviveTopic, account.Id, out ConsumeQueue? queue))
            {
                long settled = offsets.Query(PopNames.ReviveGroup, table.ReviveTopic, account.Id);
                for (long offset = Math.Max(settled + 1, queue.MinOffset); offset < queue.MaxOffset; offset++)
                {
                    Load(account, queue, offset);
                }

                account.Loaded(queue.MaxOffset - 1, null);
                account.Seen = queue.MaxOffset;
            }
        }

        foreach (((string topic, string group, int queueId), long position) in _positions)
        {
            // A crash comes between a pop and the next writing of the file of progress.
            if (offsets.Query(group, topic, queueId) < position)
            {
                offsets.Commit(group, topic, queueId, position);
            }
        }

        _positions.Clear();
    }

    /// <summary>Takes one record into the account.</summary>
    public void Load(int queueId, long offset)
    {
        if (queueId < table.Accounts.Count && store.TryGetQueue(table.ReviveTopic, queueId, out ConsumeQueue? queue))
        {
            Load(table.Accounts[queueId], queue, offset);
            _positions.Clear();
        }
    }

    private void Load(ReviveQueue account, ConsumeQueue queue, long offset)
    {
        ReviveRecord? parsed = Read(queue, offset, out bool isOfTimer);
        if (parsed is null || table.FindOrAddQueue(parsed.Topic, parsed.Group, parsed.QueueId) is not { } popped)
        {
            account.Loaded(offset, null);
            return;
        }

        lock (popped.Lock)
        {
            switch (parsed.Kind)
            {
                case ReviveRecordKind.Checkpoint:
                    Open(account, popped, parsed, offset, isOfTimer);
                    break;
                case ReviveRecordKind.Reset:
                    _positions[(parsed.Topic, parsed.Group, parsed.QueueId)] = parsed.StartOffset;
                    account.Loaded(offset, null);
                    break;
                default:
                    Settle(popped, parsed);
                    account.Loaded(offset, null);
                    break;
            }
        }
    }

    private void Open(ReviveQueue account, PopQueue popped, ReviveRecord record, long offset, bool isOfTimer)
    {
        int count = Math.Min(record.Count, Checkpoint.MostMessages);
        if (count == 0 || (record.Numbers.Count > 0 && record.Numbers.Count < count) || record.Numbers.Any(static distance => distance is < 0 or > int.MaxValue))
        {
            account.Loaded(offset, null);
            return;
        }

        var checkpoint = new Checkpoint
        {
            Queue = popped,
            Account = account,
            StartOffset = record.StartOffset,
            PopTime = record.PopTime,
            InvisibleTime = record.InvisibleTime,
            Count = count,
            Distances = record.Numbers.Count == 0 ? null : [.. record.Numbers.Take(count).Select(static distance => (int)distance)],
            BrokerName = record.BrokerName,
            Settled = record.Settled,
        };
        var position = (record.Topic, record.Group, record.QueueId);
        _positions[position] = Math.Max(_positions.GetValueOrDefault(position), checkpoint.End);
        if (popped.Find(checkpoint.Key) is { } same)
        {
            table.Forget(same);
        }

        if (checkpoint.Open == 0)
        {
            account.Loaded(offset, null);
            return;
        }

        account.Loaded(offset, checkpoint);
        table.Follow(checkpoint, isOfTimer ? checkpoint.ReviveTime + TimerSlack : checkpoint.ReviveTime);
    }

    private void Settle(PopQueue popped, ReviveRecord record)
    {
        if (popped.Find(new CheckpointKey(record.StartOffset, record.PopTime)) is not { } checkpoint)
        {
            return;
        }

        popped.Settle(checkpoint, [.. record.Numbers]);
        if (checkpoint.Open == 0)
        {
            table.Forget(checkpoint);
        }
    }

    private ReviveRecord? Read(ConsumeQueue queue, long offset, out bool isOfTimer)
    {
        isOfTimer = false;
        Span<QueueEntry> entry = stackalloc QueueEntry[1];
        if (queue.ReadEntries(offset, entry) == 0 || entry[0].IsFiller || store.ReadRecord(queue, offset, entry[0], out RecordLease lease) != EntryReading.Found)
        {
            return null;
        }

        using (lease)
        {
            if (!lease.TryRead(out MessageRecord record) || ReviveRecord.KindOf(record.Tags) is not { } kind)
            {
                return null;
            }

            isOfTimer = IsOfTimer(record);
            return ReviveRecord.Parse(kind, record.Body);
        }
    }

    /// <summary>Whether a record came here through a timer: not from this account itself.</summary>
    public static bool IsOfTimer(in MessageRecord record) => PropertyText.TryGet(record.Properties, "TIMER_OUT_MS"u8, out _);
}
