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

    /// <summary>Writes a checkpoint when there is something new; false when the disk failed.</summary>
    public bool Write()
    {
        lock (_lock)
            return _closed || TryWrite();
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
        var progress = _dispatcher.Progress;
        var starts = _queues.Starts;
        if (progress.Offset == _last.RecoverOffset && starts <= _last.QueueStarts)
            return true;
        try
        {
            if (!_flusher.FlushTo(progress.Offset))
                return false;
            _queues.Flush();
            _projections.Flush();
            var next = _last with
            {
                PhysicTimestamp = progress.StoreTimestamp,
                LogicsTimestamp = progress.StoreTimestamp,
                IndexTimestamp = _index?.FlushedTimestamp ?? _last.IndexTimestamp,
                ConfirmOffset = progress.Offset,
                RecoverOffset = progress.Offset,
                QueueEnds = progress.QueueEnds,
                QueueStarts = starts,
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
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _health.Fail("The queue files or the checkpoint could not be flushed to the disk", error);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No room for the checkpoint; the next start reads more of the log")]
    private partial void LogNotWritten(Exception error);
}
