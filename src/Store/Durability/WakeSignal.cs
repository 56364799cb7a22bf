namespace ProtoBridgeMQ.Store.Durability;

/// <summary>
/// Wakes one sleeping thread. Notifying a thread that is awake costs a fence and a read, so every append can do it.
/// </summary>
internal sealed class WakeSignal : IDisposable
{
    private readonly AutoResetEvent _event = new(false);
    private int _asleep;

    /// <summary>Wakes the thread if it sleeps. What it is to see was written before.</summary>
    public void Notify()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) == 1)
            _event.Set();
    }

    /// <summary>Says that the thread is going to sleep: it looks for work once more after this, then calls <see cref="Sleep"/> or <see cref="StayAwake"/>.</summary>
    public void PrepareToSleep() => Interlocked.Exchange(ref _asleep, 1);

    /// <summary>There was work after all.</summary>
    public void StayAwake()
    {
        // Lost the race against Notify: take its signal, or the next sleep would end at once.
        if (Interlocked.Exchange(ref _asleep, 0) == 0)
            _event.WaitOne();
    }

    /// <summary>Sleeps until notified.</summary>
    public void Sleep() => _event.WaitOne();

    public void Dispose() => _event.Dispose();
}
