using System.Buffers;
using System.Buffers.Text;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// Takes timers whose slot is over to their topics, slot by slot, oldest first. A batch is appended, made durable, and
/// only then counted as done: what a crash leaves uncounted is found in the log by the offset that each delivery carries
/// (<see cref="MessageToStore.PreparedTransactionOffset"/>: the physical offset of the timer's record, plus one).
/// </summary>
internal sealed partial class TimerDelivery : IAsyncDisposable
{
    private const int BatchTimers = 2048;
    private const int BatchBytes = 8 << 20;

    /// <summary>The wall clock may jump: it is looked at again at least so often while something waits.</summary>
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(1);

    private readonly MessageStore _store;
    private readonly TimerReader _reader;
    private readonly TimerMeters _meters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<TimerUnit, UInt128> _recall;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _idleLock = new();
    private readonly List<TaskCompletionSource> _idle = [];
    private Task _work = Task.CompletedTask;
    private int _state;

    public TimerDelivery(MessageStore store, TimerIndex index, TimerMeters meters, TimeProvider time, ILogger logger)
    {
        _store = store;
        _reader = new TimerReader(index.State, index.Counts);
        _meters = meters;
        _time = time;
        _logger = logger;
        _recall = ReadRecall;
        index.Arrived = Wake;
        index.Malformed = meters.Lost;
        _timer = time.CreateTimer(static delivery => ((TimerDelivery)delivery!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private enum Outcome
    {
        Done,
        Appended,
        Later,
    }

    public void Start()
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) == 0)
            _work = Task.Run(RunAsync);
    }

    /// <summary>Completes once everything that was due at the call was delivered, could not be, or delivery ended.</summary>
    public Task WhenIdleAsync()
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_idleLock)
            _idle.Add(idle);
        Wake();
        if (_work.IsCompleted)
            TellIdle();
        return idle.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _state, 2) == 2)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        TellIdle();
        await _timer.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0)
                _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Two came at once: it is awake.
        }
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            int asked;
            lock (_idleLock)
                asked = _idle.Count;
            if (_reader.TryBegin(Now(), out var next))
            {
                if (await TryDeliverSlotAsync().ConfigureAwait(false))
                    continue;
                next = long.MaxValue - 1;
            }

            if (next != long.MaxValue)
                _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(next - Now(), 1, LongestNap.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
            TellIdle(asked);
            await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private void TellIdle(int asked = int.MaxValue)
    {
        List<TaskCompletionSource> idle;
        lock (_idleLock)
        {
            asked = Math.Min(asked, _idle.Count);
            idle = _idle.GetRange(0, asked);
            _idle.RemoveRange(0, asked);
        }

        foreach (var one in idle)
            one.TrySetResult();
    }

    /// <summary>As below. What the disk refuses to read now it may give later: delivery does not end with it.</summary>
    private async ValueTask<bool> TryDeliverSlotAsync()
    {
        try
        {
            return await DeliverSlotAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(error);
            return false;
        }
    }

    /// <summary>Delivers the slot at hand; false when it has to be gone on with later.</summary>
    private async ValueTask<bool> DeliverSlotAsync()
    {
        // A recall that was taken before the slot was over counts.
        // Neither wait holds up the end of the store: a full disk may keep dispatch back for as long as it likes.
        if (await _store.WaitDispatchedAsync().AsTask().WaitAsync(_stop.Token).ConfigureAwait(false) != DurabilityStatus.Durable)
            return false;
        while (!_stop.IsCancellationRequested)
        {
            var due = _reader.Take(_recall);
            if (due.IsEmpty)
                return true;
            while (!due.IsEmpty)
            {
                if (_stop.IsCancellationRequested)
                    return false;
                _reader.BeginBatch(_store.Written.Value);
                var count = Put(due.Span, out var end);
                if (end.Value > 0 && await _store.WaitDurableAsync(end).AsTask().WaitAsync(_stop.Token).ConfigureAwait(false) != DurabilityStatus.Durable)
                    return false;
                _reader.EndBatch(due.Span[..count], end.Value);
                if (count == 0)
                    return false;
                due = due[count..];
            }
        }

        return false;
    }

    /// <summary>Appends a batch; how many timers are done with it once <paramref name="end"/> is durable.</summary>
    private int Put(ReadOnlySpan<DueTimer> due, out WrittenOffset end)
    {
        end = default;
        var bytes = 0;
        var count = 0;
        foreach (var timer in due)
        {
            if (count >= BatchTimers || bytes > BatchBytes || TryPut(timer.Unit, ref end) == Outcome.Later)
                break;
            bytes += timer.Unit.RecordSize;
            count++;
        }

        return count;
    }

    /// <summary>A failure ends the batch, so that what was appended before it is counted.</summary>
    private Outcome TryPut(in TimerUnit unit, ref WrittenOffset end)
    {
        try
        {
            return Put(unit, ref end);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(error);
            return Outcome.Later;
        }
    }

    private Outcome Put(in TimerUnit unit, ref WrittenOffset end)
    {
        if (unit.Recalls)
            return Outcome.Done;
        var recordEnd = unit.PhysicalOffset + unit.RecordSize;
        if (recordEnd > _store.Dispatched.Value && recordEnd <= _store.Written.Value)
            return Outcome.Later;
        using var lease = _store.ReadRecord(unit.PhysicalOffset, unit.RecordSize);
        if (lease.IsEmpty || !lease.TryRead(out var record)
            || !record.Topic.SequenceEqual(TimerTopic.Name)
            || !PropertyText.TryGet(record.Properties, SystemProperties.RealTopic, out var topic)
            || !PropertyText.TryGet(record.Properties, SystemProperties.RealQueueId, out var queueText)
            || !Utf8Parser.TryParse(queueText, out int queueId, out _))
        {
            LogUnreadable(unit.PhysicalOffset);
            _meters.Lost();
            return Outcome.Done;
        }

        if (!unit.Rolls
            && PropertyText.TryGet(record.Properties, SystemProperties.UniqueKey, out var key)
            && _reader.IsRecalled(topic, key))
        {
            _meters.Recalled();
            return Outcome.Done;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            if (!TimerTopic.Copy(ref writer, record.Properties, unit.Rolls, unit.WriteTime, Now()))
                return Settle(new AppendResult(AppendStatus.PropertiesTooLarge), unit, ref end);
            var appended = _store.Append(new MessageToStore
            {
                Topic = unit.Rolls ? TimerTopic.Name : topic,
                QueueId = unit.Rolls ? 0 : queueId,
                Body = record.Body,
                Properties = writer.Written,
                Flag = record.Flag,
                SysFlag = record.SysFlag,
                BornTimestamp = record.BornTimestamp,
                BornHost = record.BornHost,
                ReconsumeTimes = record.ReconsumeTimes,
                PreparedTransactionOffset = unit.PhysicalOffset + 1,
            });
            return Settle(appended, unit, ref end);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Outcome Settle(in AppendResult appended, in TimerUnit unit, ref WrittenOffset end)
    {
        switch (appended.Status)
        {
            case AppendStatus.Appended:
                end = appended.End;
                if (unit.Rolls)
                    _meters.Rolled();
                else
                    _meters.Delivered();
                return Outcome.Appended;
            case AppendStatus.MessageTooLarge or AppendStatus.PropertiesTooLarge or AppendStatus.Malformed:
                LogRefused(unit.PhysicalOffset, appended.Status);
                _meters.Lost();
                return Outcome.Done;
            default:
                return Outcome.Later;
        }
    }

    private UInt128 ReadRecall(TimerUnit unit)
    {
        using var lease = _store.ReadRecord(unit.PhysicalOffset, unit.RecordSize);
        return !lease.IsEmpty && lease.TryRead(out var record) && PropertyText.TryGet(record.Properties, TimerTopic.DeleteUniqueKey, out var key)
            ? TimerReader.Key(key)
            : UInt128.Zero;
    }

    [LoggerMessage(EventId = 2031, Level = LogLevel.Warning, Message = "The timer at {PhysicalOffset} cannot be read and is left out")]
    private partial void LogUnreadable(long physicalOffset);

    [LoggerMessage(EventId = 2032, Level = LogLevel.Warning, Message = "The timer at {PhysicalOffset} cannot be delivered and is left out: {Status}")]
    private partial void LogRefused(long physicalOffset, AppendStatus status);

    [LoggerMessage(EventId = 2033, Level = LogLevel.Warning, Message = "Timers that are due could not be read; it is tried again")]
    private partial void LogNotRead(Exception error);
}
