namespace ProtoBridgeMQ.Store.Timers;

/// <summary>Whether a message may wait for a time.</summary>
public enum TimerAdmission
{
    /// <summary>It may.</summary>
    Taken,

    /// <summary>The time has come: there is nothing to wait for.</summary>
    Due,

    /// <summary>Further away than <see cref="StoreOptions.TimerMaxDelay"/>.</summary>
    TooFar,

    /// <summary>Its slot has more than <see cref="StoreOptions.MaxTimersPerSlot"/>, by chance up to twice as many.</summary>
    SlotFull,

    /// <summary>The store has <see cref="StoreOptions.MaxTimers"/>.</summary>
    StoreFull,

    /// <summary><see cref="StoreOptions.TimersEnabled"/> is off.</summary>
    Disabled,
}
