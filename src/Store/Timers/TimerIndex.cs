using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// Timer log and wheel, made from the messages of the timer topic as they are dispatched, and from the log again when
/// they are lost. What delivers or rolls a timer carries the physical offset of the timer's record, so the log tells
/// which timers are done: recovery marks them.
/// <code>
///  record of the timer topic ─► unit, into its slot            record that names a unit's record ─► settled (recovery only)
/// </code>
/// </summary>
internal sealed class TimerIndex : ILogProjection
{
    private const long ApachePrecision = 1000;
    private const long MaxTime = 1L << 50;
    private const long MaxAhead = 366L * 24 * 3600 * 1000;

    private readonly StoreOptions _options;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly TimerState _state;
    private readonly TimerCheckpointFile _checkpointFile;
    private readonly TimerCounts _counts;
    private readonly List<StagedTimer> _staged = [];
    private readonly List<Repair> _repairs = [];
    private TimerCheckpoint _checkpoint;
    private int _applied;
    private bool _mayBeNew;
    private bool _recovering = true;
    private long _lastPhysical = -1;
    private long _queueOffset;
    private long _skipBefore;
    private bool _rebuilds;

    public TimerIndex(StoreOptions options, IFileSystem files, TimeProvider time)
    {
        _options = options;
        _files = files;
        _time = time;
        var precision = (long)options.TimerPrecision.TotalMilliseconds;
        var log = new TimerLog(files, options.Directory, options.TimerLogFileSize);
        var wheel = new TimerWheel(files, options.Directory, 2L * options.TimerWheelSlots, precision);
        // As Apache RocketMQ: what is rolled comes back before the ring of the wheel is around.
        var window = Math.Min((long)options.TimerRollWindow.TotalMilliseconds / precision, Math.Max(2, options.TimerWheelSlots - 60));
        _state = new TimerState(log, wheel, new TimerPlacement(precision, window * precision));
        _checkpointFile = new TimerCheckpointFile(files, options.Directory);
        _counts = new TimerCounts(files, options.Directory, time);
    }

    /// <summary>What delivery reads and moves on.</summary>
    public TimerState State => _state;

    /// <summary>Timers by their topics. Under the lock of the state.</summary>
    public TimerCounts Counts => _counts;

    /// <summary>Called after timers came, on the dispatcher's thread.</summary>
    public Action? Arrived { get; set; }

    /// <summary>Makes the commit log durable up to an offset: deliveries of <c>FlushMode.Async</c> before the progress that counts them.</summary>
    public Func<long, bool>? MakeDurable { get; set; }

    /// <summary>Called for a message of the timer topic that says no time or no topic, on the dispatcher's thread.</summary>
    public Action? Malformed { get; set; }

    public IReadOnlyList<Repair> Repairs => _repairs;

    public long Load(in ProjectionStart start)
    {
        _checkpoint = _checkpointFile.Read();
        _counts.Load();
        var isUsable = _checkpoint.Origin switch
        {
            TimerCheckpointOrigin.Own => LoadOwn(),
            TimerCheckpointOrigin.Apache => LoadApache(),
            TimerCheckpointOrigin.None => !HasTimers(),
            _ => false,
        };
        if (!isUsable || start.Rebuild)
            return Rebuild(start, isUsable);
        _state.FillWheel();
        CountPending();
        return _checkpoint.Origin switch
        {
            TimerCheckpointOrigin.Own => Math.Min(start.Offset, _checkpoint.TellFrom),
            TimerCheckpointOrigin.Apache when _lastPhysical >= 0 => Math.Min(start.Offset, _lastPhysical),
            TimerCheckpointOrigin.Apache when HasTimers() => start.LogStart,
            _ => start.Offset,
        };
    }

    public void Stage(in MessageRecord record)
    {
        if (record.Topic.Length == TimerTopic.Name.Length && record.Topic.SequenceEqual(TimerTopic.Name))
            StageTimer(record);
        if (_recovering && record.PreparedTransactionOffset > 0 && PropertyText.TryGet(record.Properties, TimerTopic.DequeueMs, out _))
            _staged.Add(new StagedTimer { Settles = true, PhysicalOffset = record.PreparedTransactionOffset - 1 });
    }

    public void Commit()
    {
        if (_staged.Count == 0)
            return;
        lock (_state.Gate)
        {
            for (; _applied < _staged.Count; _applied++)
                Apply(_staged[_applied]);
            _state.Changed = true;
        }

        _staged.Clear();
        _applied = 0;
        Arrived?.Invoke();
    }

    public void EndRecovery(long end)
    {
        var log = _state.Log;
        var cut = log.End;
        for (var position = log.Before(cut); position >= 0; position = log.Before(position))
        {
            if (log.TryRead(position, out var unit) && unit.PhysicalOffset < end)
                break;
            cut = position;
        }

        if (cut < log.End)
        {
            log.Truncate(cut);
            var progress = _state.Progress;
            _state.Progress = progress with { Position = Math.Min(progress.Position, cut - 1), HighPosition = Math.Min(progress.HighPosition, cut) };
            _state.FirstPending = Math.Min(_state.FirstPending, cut);
            _state.FillWheel();
            _lastPhysical = log.Before(cut) is >= 0 and var last && log.TryRead(last, out var unit) ? unit.PhysicalOffset : -1;
            CountPending();
            _state.Changed = true;
        }

        _recovering = false;
        _skipBefore = 0;
        _rebuilds = false;
        _mayBeNew = _checkpoint.Origin == TimerCheckpointOrigin.None;
    }

    public void Flush()
    {
        _state.LowestPending();
        TimerCheckpoint next;
        List<TimerSlot> slots;
        byte[]? counts;
        long delivered;
        lock (_state.Gate)
        {
            // A timer topic with nothing but damage in it: without a checkpoint every start would look for timers in all of the log.
            if (!_state.Changed && !(_mayBeNew && HasTimers()))
                return;
            _state.Changed = false;
            _mayBeNew = false;
            delivered = _state.DeliveredEnd;
            slots = _state.Wheel.TakeDirty();
            counts = _counts.Take();
            next = _checkpoint with
            {
                Progress = _state.Progress,
                LogFlushed = _state.Log.End,
                QueueOffset = _queueOffset,
                TellFrom = _state.TellFrom,
                FirstPending = _state.FirstPending,
                LastPhysical = _lastPhysical,
                Timestamp = Now(),
                Counter = _checkpoint.Counter + 1,
                Precision = _state.Placement.Precision,
                FileSize = _state.Log.FileSize,
            };
        }

        try
        {
            if (MakeDurable?.Invoke(delivered) == false)
                throw new IOException("The commit log could not be flushed, so the progress of timers is not written.");
            _state.Log.Flush(next.LogFlushed);
            _state.Wheel.Write(slots);
            _checkpointFile.Write(next);
        }
        catch
        {
            lock (_state.Gate)
            {
                _state.Changed = true;
                _state.Wheel.MarkDirty(slots);
                _counts.MarkChanged(counts);
            }

            throw;
        }

        _checkpoint = next;
        _state.Log.DeleteBefore(next.FirstPending);
        _counts.Write(counts);
    }

    /// <summary>As <see cref="Flush"/>, for the end of a run; false when the disk failed.</summary>
    public bool TryFlush()
    {
        try
        {
            Flush();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Apache's part of the checkpoint, with what is so now.</summary>
    public byte[] CheckpointHead()
    {
        var page = new byte[TimerCheckpoint.Size];
        lock (_state.Gate)
        {
            new TimerCheckpoint
            {
                Progress = _state.Progress,
                LogFlushed = _checkpoint.LogFlushed,
                QueueOffset = Volatile.Read(ref _queueOffset),
                Timestamp = _checkpoint.Timestamp,
                Counter = _checkpoint.Counter,
            }.Write(page);
        }

        return page[..TimerCheckpoint.ApacheSize];
    }

    public void Trim(long minOffset)
    {
        // Files of the timer log go when their timers are done; the guard keeps the records of those that are not.
    }

    public void Dispose() => _state.Log.Dispose();

    private bool LoadOwn()
    {
        var log = _state.Log;
        if (_checkpoint.Precision != _state.Placement.Precision || !log.Load(_checkpoint.FileSize) || !log.TrySetEnd(_checkpoint.LogFlushed))
            return false;
        if (log.Before(log.End) is >= 0 and var last && !(log.TryRead(last, out var unit) && unit.PhysicalOffset == _checkpoint.LastPhysical))
            return false;
        log.Truncate(log.End);
        _state.Progress = _checkpoint.Progress;
        _state.FirstPending = _checkpoint.FirstPending;
        _lastPhysical = _checkpoint.LastPhysical;
        _queueOffset = _checkpoint.QueueOffset;
        return true;
    }

    private bool LoadApache()
    {
        var log = _state.Log;
        // A read time that no clock gave leads nowhere: the log does.
        if (_checkpoint.Progress.Slot is < 0 or > MaxTime || _checkpoint.Progress.Slot - Now() > MaxAhead)
            _checkpoint = new TimerCheckpoint { Origin = TimerCheckpointOrigin.Damaged };
        if (_checkpoint.Origin != TimerCheckpointOrigin.Apache || _state.Placement.Precision != ApachePrecision)
            return false;
        if (!log.Load(0) || !log.TrySetEnd(log.FindEnd()) || log.End < _checkpoint.LogFlushed)
            return false;
        _state.Progress = _checkpoint.Progress;
        _queueOffset = _skipBefore = _checkpoint.QueueOffset;
        _checkpoint = _checkpoint with { ApacheQueueOffset = _checkpoint.QueueOffset, ApacheReadTime = _checkpoint.Progress.Slot };
        if (log.Before(log.End) is >= 0 and var last && log.TryRead(last, out var unit))
            _lastPhysical = unit.PhysicalOffset;
        _state.Changed = _lastPhysical >= 0;
        return true;
    }

    /// <summary>Throws the timer log away: the scan makes it again.</summary>
    private long Rebuild(in ProjectionStart start, bool wasUsable)
    {
        if (!wasUsable)
        {
            _repairs.Add(new Repair(
                "LostTimers",
                "timer log or its checkpoint were deleted, damaged, or written with another precision",
                $"read the commit log from offset {start.LogStart} for timers"));
        }

        var before = _checkpoint;
        var earlier = before.Origin switch
        {
            TimerCheckpointOrigin.Apache => ApachePrecision,
            TimerCheckpointOrigin.Own when before.Precision != _state.Placement.Precision => Math.Max(before.Precision, before.EarlierPrecision),
            _ => before.EarlierPrecision,
        };
        var isNew = earlier != before.EarlierPrecision || before.Precision != _state.Placement.Precision;
        _checkpoint = new TimerCheckpoint
        {
            Counter = before.Counter,
            EarlierPrecision = earlier,
            EarlierBefore = isNew ? before.QueueOffset : before.EarlierBefore,
            ApacheQueueOffset = before.Origin == TimerCheckpointOrigin.Apache ? before.QueueOffset : before.ApacheQueueOffset,
            ApacheReadTime = before.Origin == TimerCheckpointOrigin.Apache ? before.Progress.Slot : before.ApacheReadTime,
        };
        _state.Log.Clear();
        _state.Wheel.DeleteFile();
        _state.Wheel.Clear();
        _state.Progress = new TimerProgress(0);
        _state.FirstPending = 0;
        _state.Changed = HasTimers() || before.Origin != TimerCheckpointOrigin.None;
        _lastPhysical = -1;
        _queueOffset = 0;
        _skipBefore = 0;
        _rebuilds = true;
        _counts.ClearCounts();
        return start.LogStart;
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private bool HasTimers() => _files.List(Path.Combine(_options.Directory, "consumequeue", "rmq_sys_wheel_timer")).Count > 0;

    private void CountPending()
    {
        _counts.ClearCounts();
        var log = _state.Log;
        for (var position = log.FirstFrom(_state.FirstPending); position < log.End; position = log.After(position))
        {
            if (log.TryRead(position, out var unit) && !_state.IsDone(position, unit))
                _counts.Add(unit.TopicHash, unit.Count);
        }
    }

    private void StageTimer(in MessageRecord record)
    {
        if (!TimerTopic.TryNumber(record.Properties, TimerTopic.OutMs, out var due)
            || !PropertyText.TryGet(record.Properties, SystemProperties.RealTopic, out var topic))
        {
            Malformed?.Invoke();
            return;
        }

        var hash = (int)TagHash.Of(topic);
        _counts.Learn(hash, topic);
        _staged.Add(new StagedTimer
        {
            PhysicalOffset = record.PhysicalOffset,
            Size = record.Size,
            Due = Math.Clamp(due, 0, MaxTime),
            Stored = record.StoreTimestamp,
            QueueOffset = record.QueueOffset,
            TopicHash = hash,
            Deletes = PropertyText.TryGet(record.Properties, TimerTopic.DeleteUniqueKey, out _),
        });
    }

    private void Apply(in StagedTimer timer)
    {
        if (timer.Settles)
            Settle(timer.PhysicalOffset);
        else if (timer.PhysicalOffset > _lastPhysical)
            Place(timer);
    }

    private void Place(in StagedTimer timer)
    {
        // What was taken for a longer slot may be meant for its end.
        var due = timer.QueueOffset < _checkpoint.EarlierBefore ? timer.Due + Math.Max(0, _checkpoint.EarlierPrecision - 1) : timer.Due;
        var (wanted, rolls) = _state.Placement.Place(due, timer.Stored);
        if (timer.QueueOffset < _skipBefore
            || (_rebuilds && timer.QueueOffset < _checkpoint.ApacheQueueOffset && wanted + _state.Placement.Precision <= _checkpoint.ApacheReadTime))
        {
            return;
        }

        var (slot, progress) = _state.Progress.Admit(wanted, Now(), _state.Placement.Precision, _state.Log.End, _state.IsReading);
        var written = _state.Placement.SlotOf(timer.Stored);
        if (slot - written is > int.MaxValue or < int.MinValue)
            written = slot;
        var magic = TimerMagic.Timer | (rolls ? TimerMagic.Roll : 0) | (timer.Deletes ? TimerMagic.Delete : 0);
        var unit = new TimerUnit(_state.Wheel.Find(slot)?.Last ?? -1, magic, written, (int)(slot - written), timer.PhysicalOffset, timer.Size, timer.TopicHash);
        var position = _state.Log.Append(unit);
        _state.Progress = progress;
        _state.Wheel.Add(slot, position, unit.Count);
        _counts.Add(timer.TopicHash, unit.Count);
        _lastPhysical = timer.PhysicalOffset;
        _queueOffset = Math.Max(_queueOffset, timer.QueueOffset + 1);
    }

    private void Settle(long physicalOffset)
    {
        var position = _state.Log.FindByPhysicalOffset(physicalOffset);
        if (position < 0 || !_state.Log.TryRead(position, out var unit) || _state.IsDone(position, unit))
            return;
        _state.Log.Settle(position);
        _state.Wheel.Settle(_state.Placement.SlotOf(unit.SlotTime), unit.Count);
        _counts.Add(unit.TopicHash, -unit.Count);
    }

    private readonly struct StagedTimer
    {
        public long PhysicalOffset { get; init; }

        public int Size { get; init; }

        public long Due { get; init; }

        public long Stored { get; init; }

        public long QueueOffset { get; init; }

        public int TopicHash { get; init; }

        public bool Deletes { get; init; }

        public bool Settles { get; init; }
    }
}
