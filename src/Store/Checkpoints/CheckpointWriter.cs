using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Checkpoints;

/// <summary>
/// Moves the point where recovery begins: flushes the log and the queue files up to what is dispatched, then says so in
/// the checkpoint. Never the other way round.
/// </summary>
internal sealed partial class CheckpointWriter : IDisposable
{
    private readonly CheckpointFile _file;
    private readonly Dispatcher _dispatcher;
    private readonly LogFlusher _flusher;
    private readonly QueueTable _queues;
    private readonly ProjectionSet _projections;
    private readonly KeyIndex? _index;
    private readonly StoreHealth _health;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private Checkpoint _last;
    private long _recoverOffset;
    private long _trimmedTo;
    private bool _closed;

    public CheckpointWriter(CheckpointFile file, Checkpoint last, Dispatcher dispatcher, LogFlusher flusher, QueueTable queues, ProjectionSet projections, KeyIndex? index, StoreHealth health, TimeSpan interval, TimeProvider time, ILogger logger)
    {
        _file = file;
        _last = last;
        _dispatcher = dispatcher;
        _flusher = flusher;
        _queues = queues;
        _projections = projections;
        _index = index;
        _health = health;
        _logger = logger;
        _timer = time.CreateTimer(_ => Tick(), null, interval, interval);
    }

    /// <summary>Everything before it is durable, and a checkpoint on the disk says so.</summary>
    public long RecoverOffset
    {
        get => Volatile.Read(ref _recoverOffset);
        init => _recoverOffset = value;
    }

    /// <summary>Writes a checkpoint when there is something new; false when the disk failed, now or before.</summary>
    public bool Write()
    {
        lock (_lock)
            return _closed || TryWrite();
    }

    /// <summary>
    /// Writes one before records are deleted: it does not miss the index files that go with them, whenever they go.
    /// </summary>
    public bool WriteBeforeTrim(long minOffset)
    {
        lock (_lock)
        {
            _trimmedTo = Math.Max(_trimmedTo, minOffset);
            return _closed || TryWrite();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
            _closed = true;
    }

    private void Tick()
    {
        // One that is still at work does for both.
        if (!_lock.TryEnter())
            return;
        try
        {
            if (!_closed && !_health.IsClosedForWrites)
                TryWrite();
        }
        finally
        {
            _lock.Exit();
        }
    }

    private bool TryWrite()
    {
        // A flush that failed before would succeed now, and say so of pages that the disk never got.
        if (_health.IsClosedForWrites)
            return false;
        var progress = _dispatcher.Progress;
        var starts = _queues.Starts;
        if (progress.Offset == _last.RecoverOffset && starts <= _last.QueueStarts && Index().Begin <= _last.IndexBegin)
            return true;
        try
        {
            if (!_flusher.FlushTo(progress.Offset))
                return false;
            _queues.Flush();
            _projections.Flush();
            var index = Index();
            var next = _last with
            {
                PhysicTimestamp = progress.StoreTimestamp,
                LogicsTimestamp = progress.StoreTimestamp,
                IndexTimestamp = _index?.FlushedTimestamp ?? _last.IndexTimestamp,
                ConfirmOffset = progress.Offset,
                RecoverOffset = progress.Offset,
                QueueEnds = progress.QueueEnds,
                QueueStarts = starts,
                IndexBegin = index.Begin,
                IndexEnd = index.End,
            };
            _file.Write(next);
            _last = next;
            Volatile.Write(ref _recoverOffset, next.RecoverOffset);
            return true;
        }
        catch (DiskFullException error)
        {
            LogNotWritten(error);
            return true;
        }
        catch (Exception error)
        {
            // Whatever it was: what the disk has is unknown, and an exception that escaped would end the process.
            _health.Fail("The queue files or the checkpoint could not be flushed to the disk", error);
            return false;
        }
    }

    /// <summary>First and last record of which the index has entries on the disk.</summary>
    private (long Begin, long End) Index() => _index?.FlushedRange(_trimmedTo) ?? (-1, -1);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning, Message = "No room for the checkpoint; the next start reads more of the log")]
    private partial void LogNotWritten(Exception error);
}
