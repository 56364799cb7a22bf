using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// Looks by a timer which segments are not wanted any more, asks the guards, has the head of the log removed, a batch at
/// a time, and tells when the disk needs room that guards hold. Passes exclude each other; no append waits for one.
/// </summary>
internal sealed partial class LogRetention : IDisposable
{
    private const int MostHeldShown = 64;

    private readonly StoreOptions _options;
    private readonly CommitLog _log;
    private readonly StoreHealth _health;
    private readonly GuardSet _guards;
    private readonly HeadRemoval _head;
    private readonly TopicTrim _topics;
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SegmentTimes _times = new();
    private readonly RetentionPolicy _policy;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private Measurement<long>[] _held = [];
    private DiskRoom _room;
    private string? _alarm;
    private long _oldest = -1;
    private bool _roomIsUnknown;
    private volatile bool _closed;

    public LogRetention(StoreOptions options, CommitLog log, QueueTable queues, StoreHealth health, GuardSet guards, HeadRemoval head, RetentionMetrics metrics, IFileSystem files, string directory, TimeProvider time, ILogger logger)
    {
        _options = options;
        _log = log;
        _health = health;
        _guards = guards;
        _head = head;
        _topics = new TopicTrim(queues, options);
        _files = files;
        _directory = directory;
        _time = time;
        _logger = logger;
        _policy = new RetentionPolicy(options, _times);
        _timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        metrics.Observe(() => Volatile.Read(ref _held), () => _alarm is null ? 0 : 1, () => _log.MinOffset, Age, () => _room.UsedShare, () => _head.Pending);
    }

    /// <summary>Topics with a time of their own.</summary>
    public ITopicRetention? Topics { get; set; }

    /// <summary>The disk as the last pass saw it.</summary>
    public DiskRoom Room
    {
        get
        {
            lock (_lock)
                return _room;
        }
    }

    /// <summary>Makes the first pass, then one an interval.</summary>
    public void Start() => Next(Pass());

    /// <summary>Makes a pass; true when there may be more to delete.</summary>
    public bool Pass()
    {
        lock (_lock)
        {
            if (_closed || _health.IsClosedForWrites)
                return false;
            var now = Now();
            var before = _log.MinOffset;
            var isDone = _head.DeleteRetired();
            var guards = Ask(now);
            if (Topics is { } topics)
                isDone &= _head.DeleteQueueFiles(_topics.Shorten(topics, guards, now));
            _room = Measure();
            var wish = _policy.Of(_log, now, _room, IsFull());
            var allowed = Allowed(wish, guards);
            var batch = Math.Min(allowed, _log.MinOffset + ((long)_options.RetentionBatchSegments * _log.SegmentSize));
            if (isDone && batch > _log.MinOffset)
            {
                isDone = _head.To(batch, wish.ReasonOf);
                _times.Forget(_log.MinOffset);
                _room = Measure();
            }

            Tell(wish, guards);
            NoteOldest();
            return isDone && _log.MinOffset > before && _log.MinOffset < allowed;
        }
    }

    /// <summary>Deletes whole segments before an offset; with <paramref name="force"/> whoever needs them.</summary>
    public DeleteOutcome DeleteBefore(long offset, bool force)
    {
        lock (_lock)
        {
            if (_closed || _health.IsClosedForWrites)
                return new DeleteOutcome(_log.MinOffset, null, false);
            var guards = Ask(Now());
            var last = _log.Segments is { Count: > 0 } segments ? segments[^1].BaseOffset : _log.MinOffset;
            var wanted = Floor(Math.Min(offset, last));
            var allowed = force ? wanted : Math.Min(wanted, Floor(guards.Lowest?.LowestNeeded ?? long.MaxValue));
            var isDone = _head.To(allowed, static _ => RetentionReason.Request) && _head.DeleteRetired();
            _times.Forget(_log.MinOffset);
            NoteOldest();
            return new DeleteOutcome(_log.MinOffset, allowed < wanted ? guards.Lowest?.Name : null, isDone && _log.MinOffset >= allowed);
        }
    }

    /// <summary>Has the queues of a topic begin behind what lies before a physical offset.</summary>
    public void Forget(string topic, long physicalOffset)
    {
        lock (_lock)
        {
            if (!_closed)
                _head.DeleteQueueFiles(_topics.Forget(topic, physicalOffset));
        }
    }

    public void Dispose()
    {
        _closed = true;
        _timer.Dispose();
        lock (_lock)
            _head.Close();
    }

    private void Tick()
    {
        try
        {
            Next(Pass());
        }
        catch (Exception error)
        {
            // It would end the process.
            LogPassFailed(error);
            Next(isMore: false);
        }
    }

    private void Next(bool isMore)
    {
        if (!_closed)
            _timer.Change(isMore ? _options.RetentionBatchPause : _options.RetentionInterval, Timeout.InfiniteTimeSpan);
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private long Floor(long offset) => offset == long.MaxValue ? offset : offset - (offset % _log.SegmentSize);

    private bool IsFull() => _health.IsFullBeside(FullCause.Watermark);

    private GuardView Ask(long now)
    {
        var guards = _guards.All;
        if (Topics is { } topics)
            guards = guards.Concat(_topics.Guards(topics, now));
        return new GuardView(guards, _log.MinOffset, _logger);
    }

    private long Allowed(in RetentionWish wish, GuardView guards)
    {
        var allowed = Math.Min(wish.Offset, Floor(guards.Lowest?.LowestNeeded ?? long.MaxValue));
        return _options.ForceDeleteAtWatermark ? Math.Max(allowed, wish.Disk) : allowed;
    }

    private DiskRoom Measure()
    {
        try
        {
            var room = _files.Room(_directory);
            _roomIsUnknown = false;
            return room;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            if (!_roomIsUnknown)
                LogRoomUnknown(error);
            _roomIsUnknown = true;
            return default;
        }
    }

    /// <summary>Shows what guards hold, raises and ends the alarm, and refuses appends above the watermark.</summary>
    private void Tell(in RetentionWish wish, GuardView guards)
    {
        var wanted = wish.Offset;
        Volatile.Write(ref _held, [.. guards.Before(wanted).Take(MostHeldShown).Select(need => Held(need, wanted))]);
        var holder = wish.Disk > _log.MinOffset && guards.Lowest is { } lowest && Floor(lowest.LowestNeeded) < wish.Disk ? lowest.Name : null;
        var share = _room.UsedShare;
        var isRefusing = share >= _options.RefuseWatermark;
        var needed = holder is null
            ? "Free some space."
            : $"Retention may not delete older messages: {holder} still needs them from offset {guards.Lowest!.Value.LowestNeeded} on. Have them consumed, or free some space.";
        if (isRefusing)
            _health.Full(FullCause.Watermark, $"The disk of '{_directory}' is {share:P0} full; from {_options.RefuseWatermark:P0} on appends are refused. {needed}");
        else
            _health.HasRoom(FullCause.Watermark);
        if (holder == _alarm)
            return;
        _alarm = holder;
        _health.Warn(holder is null ? null : $"The disk of '{_directory}' is {share:P0} full. {needed}");
        if (holder is not null)
            LogHeld(share, holder, guards.Lowest!.Value.LowestNeeded);
        else
            LogNotHeld(share);
    }

    private Measurement<long> Held(in GuardNeed need, long wanted) =>
        new(wanted - Math.Max(_log.MinOffset, Floor(need.LowestNeeded)), new KeyValuePair<string, object?>("guard", need.Name));

    private void NoteOldest()
    {
        var segments = _log.Segments;
        Volatile.Write(ref _oldest, segments.Count > 0 ? _times.FirstOf(segments[0]) : -1);
    }

    private double Age()
    {
        var oldest = Volatile.Read(ref _oldest);
        return oldest < 0 ? 0 : Math.Max(0, (Now() - oldest) / 1000.0);
    }

    [LoggerMessage(EventId = 2023, Level = LogLevel.Error, Message = "A pass of retention failed; it is tried again")]
    private partial void LogPassFailed(Exception error);

    [LoggerMessage(EventId = 2024, Level = LogLevel.Warning, Message = "The room on the disk could not be measured; watermarks do not count meanwhile")]
    private partial void LogRoomUnknown(Exception error);

    [LoggerMessage(EventId = 2025, Level = LogLevel.Error, Message = "The disk is {Share:P0} full and retention may not delete: {Guard} still needs messages from offset {Offset} on")]
    private partial void LogHeld(double share, string guard, long offset);

    [LoggerMessage(EventId = 2026, Level = LogLevel.Information, Message = "Retention is not held up by a guard any more; the disk is {Share:P0} full")]
    private partial void LogNotHeld(double share);
}
