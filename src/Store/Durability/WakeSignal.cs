namespace ProtoBridgeMQ.Store.Durability;

/// <summary>
/// Wakes one sleeping thread. Notifying a thread that is awake costs a fence and a read, so every append can do it.
/// One that may look around does so for some microseconds before it sleeps, as long as that pays: then neither side pays
/// for the system's sleep and wake-up. Where nothing comes so soon it stops, and tries again now and then.
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

    private readonly AutoResetEvent _event = new(false);
    private readonly bool _mayLook;
    private int _state;
    private int _looks;
    private int _sleeps;

    public WakeSignal(bool mayLook = false) => _mayLook = mayLook && Environment.ProcessorCount > 1;

    /// <summary>Wakes the thread if it sleeps. What it is to see was written before.</summary>
    public void Notify()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _state) != Awake && Interlocked.Exchange(ref _state, Awake) == Asleep)
            _event.Set();
    }

    /// <summary>Says that the thread is going to sleep: it looks for work once more after this, then calls <see cref="Sleep"/> or <see cref="StayAwake"/>.</summary>
    public void PrepareToSleep() => Interlocked.Exchange(ref _state, Looking);

    /// <summary>There was work after all.</summary>
    public void StayAwake() => Interlocked.Exchange(ref _state, Awake);

    /// <summary>Sleeps until notified.</summary>
    public void Sleep()
    {
        for (var i = 0; i < _looks; i++)
        {
            if (Volatile.Read(ref _state) == Awake)
            {
                _looks = Math.Min(MostLooks, _looks * 2);
                return;
            }

            Thread.SpinWait(Pauses);
        }

        _looks /= 2;
        if (_mayLook && ++_sleeps % TryAgainAfter == 0)
            _looks = Math.Max(_looks, FirstLooks);
        if (Interlocked.CompareExchange(ref _state, Asleep, Looking) == Looking)
            _event.WaitOne();
    }

    public void Dispose() => _event.Dispose();
}
