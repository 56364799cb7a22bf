using System.Diagnostics;

namespace ProtoBridgeMQ.Store.Durability;

/// <summary>
/// Wakes one sleeping thread. Notifying a thread that is awake costs a fence and a read, so every append can do it.
/// <para>
/// A wake-up costs the notifying thread some microseconds, as much as the work it tells of. So where work comes all the
/// time, the sleeper dozes for a moment that nobody ends and finds what has gathered; and where it comes very soon, it
/// looks around for some microseconds before it sleeps. Where neither pays it sleeps at once.
/// </para>
/// </summary>
internal sealed class WakeSignal : IDisposable
{
    private const int Awake = 0;
    private const int Looking = 1;
    private const int Asleep = 2;
    private const int MostLooks = 256;
    private const int FirstLooks = 32;
    private const int TryAgainAfter = 16;

    /// <summary>Processor pauses between two looks, of about 10 to 40 nanoseconds each.</summary>
    private const int Pauses = 4;

    /// <summary>Who was woken this soon expects the next work as soon, and dozes.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMicroseconds(150);

    private readonly AutoResetEvent _event = new(false);
    private readonly bool _mayLook;
    private int _state;
    private int _looks;
    private int _sleeps;
    private bool _workIsDense;
    private bool _worked;

    public WakeSignal(bool mayLook = false) => _mayLook = mayLook && Environment.ProcessorCount > 1;

    /// <summary>Wakes the thread if it sleeps. What it is to see was written before.</summary>
    public void Notify()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _state) != Awake && Interlocked.Exchange(ref _state, Awake) == Asleep)
            _event.Set();
    }

    /// <summary>The thread found work since it slept.</summary>
    public void Worked() => _worked = true;

    /// <summary>Says that the thread is going to sleep: it looks for work once more after this, then calls <see cref="Sleep"/> or <see cref="StayAwake"/>.</summary>
    public void PrepareToSleep() => Interlocked.Exchange(ref _state, Looking);

    /// <summary>There was work after all.</summary>
    public void StayAwake() => Interlocked.Exchange(ref _state, Awake);

    /// <summary>Sleeps until notified, or for a moment where work is dense: look for it in either case.</summary>
    public void Sleep()
    {
        if (_mayLook && _workIsDense && _worked)
        {
            _worked = false;
            StayAwake();
            Doze.AMoment();
            return;
        }

        _worked = false;
        if (SawWork())
            return;
        if (Interlocked.CompareExchange(ref _state, Asleep, Looking) != Looking)
            return;
        var since = Stopwatch.GetTimestamp();
        _event.WaitOne();
        _workIsDense = Doze.IsPossible && Stopwatch.GetElapsedTime(since) < Soon;
    }

    public void Dispose() => _event.Dispose();

    private bool SawWork()
    {
        for (var i = 0; i < _looks; i++)
        {
            if (Volatile.Read(ref _state) == Awake)
            {
                _looks = Math.Min(MostLooks, _looks * 2);
                return true;
            }

            Thread.SpinWait(Pauses);
        }

        _looks /= 2;
        if (_mayLook && ++_sleeps % TryAgainAfter == 0)
            _looks = Math.Max(_looks, FirstLooks);
        return false;
    }
}
