using System.Buffers;
using System.Buffers.Text;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Retention;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Retention;

namespace ProtoBridgeMQ.Broker.Delay;

/// <summary>
/// Delivers delayed messages: each level has a queue of the schedule topic in order of due times, and an offset up to
/// which it is delivered. A message is put into its own topic, made durable, and only then the offset moves on: after
/// a crash some may come twice, none is lost.
/// </summary>
public sealed partial class DelayDelivery : IAsyncDisposable, IRetentionGuard
{
    private const int EntriesAtOnce = 32;
    private const long Idle = long.MaxValue;

    /// <summary>The wall clock may jump: it is looked at again at least so often while something waits.</summary>
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(1);

    private readonly MessageStore _store;
    private readonly DelayLevels _levels;
    private readonly TableFile _file;
    private readonly BrokerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<DelayDelivery> _logger;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly long[] _offsets;
    private readonly long[] _saved;
    private readonly ITimer _timer;
    private DataVersion _version = new(0, 0, 0);
    private long _deliveredEnd;
    private (long[] Offsets, long End)? _unsaved;
    private Task _work = Task.CompletedTask;

    /// <summary>Reads the saved progress.</summary>
    public DelayDelivery(MessageStore store, DelayLevels levels, TableFile file, BrokerMetrics metrics, TimeProvider time, ILogger<DelayDelivery> logger)
    {
        _store = store;
        _levels = levels;
        _file = file;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _offsets = file.Read(text =>
        {
            _version = DataVersion.OfFile(text);
            return DelayOffsetFile.Parse(text, levels.Count);
        }) ?? new long[levels.Count];
        _saved = [.. _offsets];
        Correct();
        _timer = time.CreateTimer(static delivery => ((DelayDelivery)delivery!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    string IRetentionGuard.Name => "delayed messages";

    /// <inheritdoc/>
    long IRetentionGuard.LowestNeeded
    {
        get
        {
            long lowest = long.MaxValue;
            for (int level = 1; level <= _levels.Count; level++)
            {
                if (_store.TryGetQueue(TopicName.Schedule, level - 1, out ConsumeQueue? queue))
                {
                    lowest = Math.Min(lowest, Unread.PhysicalOffset(queue, Volatile.Read(ref _offsets[level - 1])));
                }
            }

            return lowest;
        }
    }

    /// <inheritdoc/>
    bool IRetentionGuard.Reads(string topic) => topic == TopicName.Schedule;

    /// <summary>Begins to deliver.</summary>
    public void Start() => _work = Task.Run(RunAsync);

    /// <summary>Something came to the schedule topic.</summary>
    public void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
        catch (SemaphoreFullException)
        {
            // Two came at once: it is awake.
        }
    }

    /// <summary>Writes the progress if it moved, as far as the log is on the disk with what was delivered.</summary>
    public void Flush()
    {
        while (TakeDurable() is { } now && !now.AsSpan().SequenceEqual(_saved))
        {
            try
            {
                _version = _version.Next(_time);
                _file.Write(output => DelayOffsetFile.Write(output, _version, now));
                now.CopyTo(_saved, 0);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                LogNotWritten(_logger, _file.Path, error.Message);
                return;
            }
        }
    }

    /// <summary>The progress as its file has it, as of now.</summary>
    public ReadOnlyMemory<byte> Text()
    {
        long[] now = [.. _offsets];
        return TableText.Of(output => DelayOffsetFile.Write(output, _version, now));
    }

    /// <summary>The next offset of a level's queue to deliver, from level 1.</summary>
    public long OffsetOf(int level) => _offsets[level - 1];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_store.Durable.Value < _deliveredEnd)
        {
            // Else the next start would deliver again what is on the disk by the end of this one.
            _store.WriteCheckpoint();
        }

        await _timer.DisposeAsync();
        _stop.Dispose();
        _wake.Dispose();
    }

    /// <summary>
    /// Progress of now, or of a moment before, whose deliveries are on the disk; null while they are not. With
    /// <c>FlushMode.Async</c> the table would else survive a power cut that they do not, and the messages would be gone.
    /// </summary>
    private long[]? TakeDurable()
    {
        // The end second: it covers what the offsets count.
        _unsaved ??= ([.. _offsets], Volatile.Read(ref _deliveredEnd));
        if (_store.Durable.Value < _unsaved.Value.End)
        {
            return null;
        }

        long[] offsets = _unsaved.Value.Offsets;
        _unsaved = null;
        return offsets;
    }

    /// <summary>
    /// Progress beyond the end of a queue is of messages that the log has lost: those that come next have these offsets, and
    /// would be passed over.
    /// </summary>
    private void Correct()
    {
        for (int level = 1; level <= _levels.Count; level++)
        {
            long end = _store.TryGetQueue(TopicName.Schedule, level - 1, out ConsumeQueue? queue) ? queue.MaxOffset : 0;
            if (_offsets[level - 1] > end || _offsets[level - 1] < 0)
            {
                LogCorrected(_logger, level, _offsets[level - 1], end);
                _offsets[level - 1] = Math.Clamp(_offsets[level - 1], 0, end);
            }
        }

        Flush();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            long next = Idle;
            for (int level = 1; level <= _levels.Count; level++)
            {
                next = Math.Min(next, await TryDeliverAsync(level));
            }

            if (next != Idle)
            {
                double left = Math.Clamp(next - Now(), 1, LongestNap.TotalMilliseconds);
                _timer.Change(TimeSpan.FromMilliseconds(left), Timeout.InfiniteTimeSpan);
            }

            await _wake.WaitAsync(_stop.Token);
        }
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>As below. What the disk refuses to read now it may give later: delivery does not end with it.</summary>
    private async ValueTask<long> TryDeliverAsync(int level)
    {
        try
        {
            return await DeliverAsync(level);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(_logger, level, error.Message);
            return Now() + (long)LongestNap.TotalMilliseconds;
        }
    }

    /// <summary>Delivers what is due of a level; the time when to come back.</summary>
    private async ValueTask<long> DeliverAsync(int level)
    {
        while (!_stop.IsCancellationRequested)
        {
            if (!_store.TryGetQueue(TopicName.Schedule, level - 1, out ConsumeQueue? queue))
            {
                return Idle;
            }

            long from = Math.Clamp(_offsets[level - 1], queue.MinOffset, queue.MaxOffset);
            (long to, long next, WrittenOffset end) = PutDue(queue, level, from);
            if (to > from)
            {
                if (end.Value > 0 && await _store.WaitDurableAsync(end) != DurabilityStatus.Durable)
                {
                    return Now() + (long)LongestNap.TotalMilliseconds;
                }

                Volatile.Write(ref _deliveredEnd, Math.Max(_deliveredEnd, end.Value));
                Volatile.Write(ref _offsets[level - 1], to);
            }

            if (next != 0)
            {
                return next;
            }
        }

        return Idle;
    }

    // Next: 0 when there may be more that is due.
    private (long To, long Next, WrittenOffset End) PutDue(ConsumeQueue queue, int level, long from)
    {
        Span<QueueEntry> entries = stackalloc QueueEntry[EntriesAtOnce];
        int count = queue.ReadEntries(from, entries);
        if (count == 0)
        {
            return (from, Idle, default);
        }

        WrittenOffset end = default;
        for (int i = 0; i < count; i++)
        {
            long now = Now();
            long due = entries[i].TagsCode;
            // A due time further away than the delay itself comes from a clock that was set back: now, then.
            if (due > now && due <= now + (long)_levels[level].TotalMilliseconds)
            {
                return (from + i, due, end);
            }

            // Not dispatched yet: its queue entry can be seen a moment before the record can.
            if (_store.IsAhead(entries[i]) || (!entries[i].IsFiller && !TryPut(queue, from + i, entries[i], ref end)))
            {
                return (from + i, now + (long)LongestNap.TotalMilliseconds, end);
            }
        }

        return (from + count, 0, end);
    }

    // A failure ends the batch, so that what was delivered before it is counted.
    private bool TryPut(ConsumeQueue queue, long queueOffset, in QueueEntry entry, ref WrittenOffset end)
    {
        try
        {
            return Put(queue, queueOffset, entry, ref end);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(_logger, queue.QueueId + 1, error.Message);
            return false;
        }
    }

    // False when the store takes nothing now: the message is tried again.
    private bool Put(ConsumeQueue queue, long queueOffset, in QueueEntry entry, ref WrittenOffset end)
    {
        _store.ReadRecord(queue, queueOffset, entry, out RecordLease found);
        using RecordLease lease = found;
        if (lease.IsEmpty || !lease.TryRead(out MessageRecord record)
            || !PropertyText.TryGet(record.Properties, SystemProperties.RealTopic, out ReadOnlySpan<byte> topic)
            || !PropertyText.TryGet(record.Properties, SystemProperties.RealQueueId, out ReadOnlySpan<byte> queueText)
            || !Utf8Parser.TryParse(queueText, out int queueId, out _))
        {
            LogUnreadable(_logger, entry.PhysicalOffset);
            return true;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            PropertyScan.CopyWithoutDelay(ref writer, record.Properties);
            AppendResult appended = _store.Append(new MessageToStore
            {
                Topic = topic,
                QueueId = queueId,
                Body = record.Body,
                Properties = writer.Written,
                Flag = record.Flag,
                SysFlag = record.SysFlag,
                BornTimestamp = record.BornTimestamp,
                BornHost = record.BornHost,
                ReconsumeTimes = record.ReconsumeTimes,
            });
            return Settle(appended, entry.PhysicalOffset, ref end);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool Settle(in AppendResult appended, long physicalOffset, ref WrittenOffset end)
    {
        switch (appended.Status)
        {
            case AppendStatus.Appended:
                end = appended.End;
                _metrics.Delayed();
                return true;
            case AppendStatus.MessageTooLarge or AppendStatus.PropertiesTooLarge or AppendStatus.Malformed:
                LogRefused(_logger, physicalOffset, appended.Status);
                return true;
            default:
                return false;
        }
    }

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "Progress of delayed messages is not written to {Path}, it will be tried again: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "The delayed message at {PhysicalOffset} cannot be read and is left out")]
    private static partial void LogUnreadable(ILogger logger, long physicalOffset);

    [LoggerMessage(EventId = 4004, Level = LogLevel.Warning, Message = "The delayed message at {PhysicalOffset} cannot be delivered and is left out: {Status}")]
    private static partial void LogRefused(ILogger logger, long physicalOffset, AppendStatus status);

    [LoggerMessage(EventId = 4021, Level = LogLevel.Warning, Message = "Delayed messages of level {Level} could not be read, it will be tried again: {Reason}")]
    private static partial void LogNotRead(ILogger logger, int level, string reason);

    [LoggerMessage(EventId = 4022, Level = LogLevel.Warning, Message = "Progress of delay level {Level} was {Offset}; its queue ends at {End}, where it goes on")]
    private static partial void LogCorrected(ILogger logger, int level, long offset, long end);
}
