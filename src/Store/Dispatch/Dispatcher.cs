using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Dispatch;

/// <summary>
/// Follows the confirmed end of the log on a thread of its own: gives each record its queue entry, publishes the
/// dispatched offset, tells the listeners. Goes by batches: one write a queue and batch, one wake-up for all.
/// </summary>
internal sealed partial class Dispatcher : IDisposable
{
    private const int BatchRecords = 1024;

    private readonly CommitLog _log;
    private readonly QueueBuilder _builder;
    private readonly ProjectionSet _projections;
    private readonly StoreHealth _health;
    private readonly DamageReports _damage;
    private readonly TimeProvider _time;
    private readonly TimeSpan _retryInterval;
    private readonly Func<long> _confirmed;
    private readonly ILogger _logger;
    private readonly DispatchWaiters _waiters = new();
    private readonly WakeSignal _wake;
    private readonly Thread _thread;
    private readonly Dispatched[] _batch = new Dispatched[BatchRecords];
    private readonly Lock _progressLock = new();
    private IDispatchListener[] _listeners;
    private int _batchCount;
    private bool _waitedForRoom;
    private DispatchProgress _progress;
    private volatile bool _stopping;

    public Dispatcher(
        CommitLog log,
        QueueBuilder builder,
        ProjectionSet projections,
        StoreHealth health,
        DamageReports damage,
        StoreOptions options,
        TimeProvider time,
        DispatchProgress start,
        Func<long> confirmed,
        IReadOnlyList<IDispatchListener> listeners,
        ILogger logger)
    {
        _log = log;
        _builder = builder;
        _projections = projections;
        _health = health;
        _damage = damage;
        _time = time;
        _retryInterval = options.DiskFullRetryInterval;
        // With fsync there is work once a flush, and the processor belongs to the senders meanwhile.
        _wake = new WakeSignal(mayLook: options.FlushMode == FlushMode.Async);
        _confirmed = confirmed;
        _logger = logger;
        _listeners = [.. listeners];
        _progress = start;
        _thread = new Thread(Run) { IsBackground = true, Name = "store-dispatch" };
    }

    /// <summary>Everything before it can be read.</summary>
    public long Offset => Volatile.Read(ref _progress.Offset);

    /// <summary>How far it is, with the store time of the last record.</summary>
    public DispatchProgress Progress
    {
        get
        {
            lock (_progressLock)
                return _progress;
        }
    }

    public void Start() => _thread.Start();

    /// <summary>The confirmed end may have moved.</summary>
    public void Confirmed() => _wake.Notify();

    public ValueTask<DurabilityStatus> WaitAsync(long end) => _waiters.WaitAsync(end, () => Offset);

    public void Add(IDispatchListener listener) => Change(old => [.. old, listener]);

    public void Remove(IDispatchListener listener) => Change(old => [.. old.Where(other => other != listener)]);

    /// <summary>Dispatches what is confirmed and ends the thread.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Notify();
        _thread.Join();
        _waiters.Close(Offset);
        _wake.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            var limit = _confirmed();
            if (_progress.Offset < limit)
            {
                _wake.Worked();
                if (!DispatchBatch(limit))
                    break;
                continue;
            }

            if (_stopping || _health.State.Condition == StoreCondition.ReadOnly)
                break;
            _wake.PrepareToSleep();
            if (_confirmed() > _progress.Offset || _stopping)
                _wake.StayAwake();
            else
                _wake.Sleep();
        }

        _waiters.Close(Offset);
    }

    /// <summary>Takes one batch to the queues and the listeners; false when it has to give up.</summary>
    private bool DispatchBatch(long limit)
    {
        var progress = _progress;
        if (_log.Find(progress.Offset) is not { } segment || !segment.TryAcquire())
            return GiveUp($"no segment of the commit log holds offset {progress.Offset}");
        try
        {
            Stage(segment, limit, ref progress);
            if (!Commit())
                return false;
            lock (_progressLock)
            {
                _progress.StoreTimestamp = progress.StoreTimestamp;
                _progress.QueueEnds = _builder.Ends;
                Volatile.Write(ref _progress.Offset, progress.Offset);
            }

            Tell(segment, progress.Offset);
        }
        catch (Exception error)
        {
            // Somebody who is asked about records threw: without the answer nothing behind may be dispatched.
            _health.Fail("Messages could not be dispatched", error);
            return false;
        }
        finally
        {
            segment.Release();
        }

        _waiters.Advance(progress.Offset);
        return true;
    }

    private void Stage(LogSegment segment, long limit, ref DispatchProgress progress)
    {
        var bytes = segment.Memory.Span;
        _batchCount = 0;
        while (progress.Offset < limit && _batchCount < BatchRecords && !_projections.WantsCommit)
        {
            var at = (int)(progress.Offset - segment.BaseOffset);
            var error = MessageRecord.TryRead(bytes[at..], out var record);
            if (error == RecordError.Blank)
            {
                progress.Offset = segment.EndOffset;
                return;
            }

            if (error != RecordError.None || record.PhysicalOffset != progress.Offset)
            {
                // Whole when it was written: its place in its queue becomes a filler.
                _damage.Record(DamageFinder.Dispatch, progress.Offset);
                progress.Offset = CheckedReads.After(segment, progress.Offset, limit);
                if (progress.Offset == segment.EndOffset)
                    return;
                continue;
            }

            _builder.Stage(record, out var queue, out var tagsCode);
            _projections.Stage(record);
            if (queue is not null)
                _batch[_batchCount++] = new Dispatched(queue, at, tagsCode);
            progress.Offset += record.Size;
            progress.StoreTimestamp = record.StoreTimestamp;
        }
    }

    /// <summary>Writes the entries, waiting while the disk is full: the log has the messages, none is lost.</summary>
    private bool Commit()
    {
        while (true)
        {
            try
            {
                _builder.Commit();
                _projections.Commit();
                if (_waitedForRoom)
                    _health.HasRoom(FullCause.Queue);
                _waitedForRoom = false;
                return true;
            }
            catch (DiskFullException error)
            {
                if (_stopping)
                    return false;
                _health.Full(FullCause.Queue, error.Message);
                _waitedForRoom = true;
                // Before the timer: one that ends at once would wake nobody, and while appends are refused nobody else does.
                _wake.PrepareToSleep();
                using var timer = _time.CreateTimer(_ => _wake.Notify(), null, _retryInterval, Timeout.InfiniteTimeSpan);
                if (_stopping)
                    _wake.StayAwake();
                else
                    _wake.Sleep();
            }
            catch (Exception error)
            {
                _health.Fail("A consume queue, or what else is built from the log, could not be written", error);
                return false;
            }
        }
    }

    private void Tell(LogSegment segment, long end)
    {
        var listeners = Volatile.Read(ref _listeners);
        if (listeners.Length == 0)
            return;
        var bytes = segment.Memory.Span;
        for (var i = 0; i < _batchCount; i++)
        {
            MessageRecord.TryRead(bytes[_batch[i].Position..], out var record);
            var message = new DispatchedMessage(_batch[i].Queue, record, _batch[i].TagsCode);
            foreach (var listener in listeners)
                Tell(listener, message);
        }

        foreach (var listener in listeners)
            TellEnd(listener, end);
    }

    private void Tell(IDispatchListener listener, in DispatchedMessage message)
    {
        try
        {
            listener.OnDispatched(message);
        }
        catch (Exception error)
        {
            LogListenerThrew(error, listener.GetType().Name);
        }
    }

    private void TellEnd(IDispatchListener listener, long end)
    {
        try
        {
            listener.OnBatchEnd(end);
        }
        catch (Exception error)
        {
            LogListenerThrew(error, listener.GetType().Name);
        }
    }

    private bool GiveUp(string what)
    {
        _health.Fail("Messages could not be dispatched", new IOException(what));
        return false;
    }

    private void Change(Func<IDispatchListener[], IDispatchListener[]> change)
    {
        lock (_progressLock)
            Volatile.Write(ref _listeners, change(_listeners));
    }

    [LoggerMessage(EventId = 2005, Level = LogLevel.Error, Message = "Dispatch listener {Listener} threw; it must not")]
    private partial void LogListenerThrew(Exception error, string listener);

    private readonly record struct Dispatched(ConsumeQueue Queue, int Position, long TagsCode);
}

/// <summary>How far dispatch is.</summary>
internal struct DispatchProgress
{
    /// <summary>Everything before it is dispatched.</summary>
    public long Offset;

    /// <summary>Store time of the last record dispatched.</summary>
    public long StoreTimestamp;

    /// <summary>Sum of the ends of all queues then.</summary>
    public long QueueEnds;
}
