using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Durability;

/// <summary>
/// The group commit: one thread that flushes whatever was written since its last flush. While the disk works the next
/// batch gathers by itself, so there is nothing to tune: one sender gets the latency of one fsync, many share it.
/// A flush that fails ends it for good: after an error the kernel may have dropped the pages, and another fsync would
/// report success for bytes that the disk never got.
/// </summary>
internal sealed class LogFlusher : IDisposable
{
    /// <summary>How often another thread is let run before a flush that would have few records in it: about one fsync's time.</summary>
    private const int GatherYields = 300;

    private readonly CommitLog _log;
    private readonly ILogTail _tail;
    private readonly DurabilityGate _gate;
    private readonly StoreHealth _health;
    private readonly StoreMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly FlushMode _mode;
    private readonly long _early;
    private readonly Action _afterFlush;
    private readonly WakeSignal _wake = new();
    private readonly Lock _flushLock = new();
    private readonly ITimer? _timer;
    private readonly Thread _thread;
    private bool _failed;
    private volatile bool _stopping;

    public LogFlusher(CommitLog log, ILogTail tail, DurabilityGate gate, StoreHealth health, StoreMetrics metrics, StoreOptions options, TimeProvider time, Action afterFlush)
    {
        _log = log;
        _tail = tail;
        _gate = gate;
        _health = health;
        _metrics = metrics;
        _time = time;
        _mode = options.FlushMode;
        _early = options.MaxUnflushedBytes / 2;
        _afterFlush = afterFlush;
        if (_mode == FlushMode.Async)
            _timer = time.CreateTimer(_ => _wake.Notify(), null, options.AsyncFlushInterval, options.AsyncFlushInterval);
        _thread = new Thread(Run) { IsBackground = true, Name = "store-flush" };
    }

    public void Start() => _thread.Start();

    /// <summary>Something was appended. In async mode only much of it cannot wait for the interval.</summary>
    public void Appended()
    {
        if (_mode == FlushMode.Fsync || _log.Written - _gate.Durable > _early)
            _wake.Notify();
    }

    /// <summary>Flushes up to an offset on the caller's thread; false when a flush failed, now or before.</summary>
    public bool FlushTo(long target)
    {
        lock (_flushLock)
        {
            if (_failed)
                return false;
            var durable = _gate.Durable;
            if (target <= durable)
                return true;
            var started = _time.GetTimestamp();
            try
            {
                _tail.Flush(durable, target);
            }
            catch (Exception error)
            {
                // Whatever it was: what the disk has is unknown, and an exception that escaped would end the process.
                _failed = true;
                _health.Fail("The commit log could not be flushed to the disk", error);
                _gate.Fail();
                _afterFlush();
                return false;
            }

            var released = _gate.Advance(target);
            _metrics.Flushed(_time.GetElapsedTime(started), target - durable, released);
        }

        _afterFlush();
        return true;
    }

    /// <summary>Flushes what is left and ends the thread.</summary>
    public void Dispose()
    {
        _stopping = true;
        _timer?.Dispose();
        _wake.Notify();
        _thread.Join();
        _gate.Fail();
        _wake.Dispose();
    }

    private void Run()
    {
        while (FlushTo(_log.Written) && !Finished())
        {
            Gather();
            _wake.PrepareToSleep();
            if (HasWork())
                _wake.StayAwake();
            else
                _wake.Sleep();
        }
    }

    /// <summary>
    /// Those who were just let go send again: the next flush is for all of them, and not for the first of them while the
    /// others wait for two.
    /// </summary>
    private void Gather()
    {
        for (var i = 0; i < GatherYields && _mode == FlushMode.Fsync && _gate.IsReleasing; i++)
            Thread.Yield();
    }

    private bool Finished() => _stopping && _log.Written == _gate.Durable;

    private bool HasWork() => _stopping || (_mode == FlushMode.Fsync && _log.Written > _gate.Durable);
}
