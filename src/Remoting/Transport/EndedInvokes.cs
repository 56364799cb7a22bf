using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// Own requests that have ended and whose callers have not been told. One thread of the pool tells them one after the other: a work item for
/// each would cost more than all the rest of an answer, and threads that send again would only wait for each other.
/// </summary>
/// <remarks>
/// What the callers send then leaves together: the connection's output is held while more of them wait.
/// A caller does in its continuation what it likes: compute for long, or block, also until another one is told. So a further thread is called
/// when some took long, and, by a clock that ticks while any wait, when few were told since the last tick.
/// </remarks>
#pragma warning disable CA1001 // Its timer only runs while callers wait, who may outlive the connection; then it is garbage.
internal sealed class EndedInvokes : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    /// <summary>After so many a thread lets other work of the pool have its turn.</summary>
    private const int MaxInTurn = 128;

    /// <summary>Told in one tick by a thread that is not held up: ten microseconds for each.</summary>
    private const int FewInTick = 100;

    /// <summary>After so many what they sent is flushed, and the time is looked at.</summary>
    private const int Step = 32;

    /// <summary>A thread that needs more for one step is held up.</summary>
    private static readonly TimeSpan LongStep = TimeSpan.FromMicroseconds(640);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentQueue<PendingInvoke> _ended = new();
    private readonly TimeProvider _time;
    private readonly FrameOutput _output;
    private readonly ITimer _clock;
    private int _threads;
    private int _onTheWay;
    private int _ticking;
    private int _told;
    private int _toldAtTick;

    public EndedInvokes(TimeProvider time, FrameOutput output)
    {
        _time = time;
        _output = output;
        _clock = time.CreateTimer(static state => ((EndedInvokes)state!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Adds one. Its caller is told by a thread of the pool.</summary>
    public void Add(PendingInvoke ended)
    {
        // Adding is a fence: a thread that leaves after this sees it, and one that has left is not counted any more.
        _ended.Enqueue(ended);
        if (Volatile.Read(ref _threads) == 0)
            CallFirst();
        else
            StartClock();
    }

    /// <inheritdoc/>
    public void Execute()
    {
        Volatile.Write(ref _onTheWay, 0);
        var before = _time.GetTimestamp();
        for (var count = 1; count <= MaxInTurn; count++)
        {
            if (!_ended.TryDequeue(out var next))
            {
                _output.LetGo();
                Leave();
                return;
            }
            HoldWhileMoreWait();
            next.Tell();
            _told++;
            if (count % Step == 0)
            {
                _output.Flush();
                LookAtTime(ref before);
            }
        }
        _output.LetGo();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void HoldWhileMoreWait()
    {
        if (_ended.IsEmpty)
        {
            _output.LetGo();
            return;
        }
        // The clock flushes when a caller blocks.
        StartClock();
        _output.Hold();
    }

    private void LookAtTime(ref long before)
    {
        var now = _time.GetTimestamp();
        if (_time.GetElapsedTime(before, now) > LongStep && !_ended.IsEmpty)
            CallFurther();
        before = now;
    }

    private void Leave()
    {
        // One that was added after the last look is seen here, or by who added it.
        if (Interlocked.Decrement(ref _threads) == 0 && !_ended.IsEmpty)
            CallFirst();
    }

    private void CallFirst()
    {
        if (Interlocked.CompareExchange(ref _threads, 1, 0) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void CallFurther()
    {
        if (Interlocked.CompareExchange(ref _onTheWay, 1, 0) != 0)
            return;
        Interlocked.Increment(ref _threads);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void StartClock()
    {
        if (Volatile.Read(ref _ticking) == 0 && Interlocked.CompareExchange(ref _ticking, 1, 0) == 0)
            _clock.Change(Tick, Timeout.InfiniteTimeSpan);
    }

    private void OnTick()
    {
        _output.Flush();
        if (_ended.IsEmpty && Volatile.Read(ref _threads) == 0)
        {
            Interlocked.Exchange(ref _ticking, 0);
            // One that was added between the two lines found the clock running.
            if (!_ended.IsEmpty)
                StartClock();
            return;
        }
        var told = Volatile.Read(ref _told);
        if (!_ended.IsEmpty && unchecked(told - _toldAtTick) < FewInTick)
            CallFurther();
        _toldAtTick = told;
        _clock.Change(Tick, Timeout.InfiniteTimeSpan);
    }
}
