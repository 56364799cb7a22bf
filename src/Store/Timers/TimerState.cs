namespace ProtoBridgeMQ.Store.Timers;

/// <summary>What the dispatcher, the delivery and the checkpoint share about timers. Its lock is a leaf.</summary>
internal sealed class TimerState
{
    private const int StepsAtOnce = 4096;

    public TimerState(TimerLog log, TimerWheel wheel, TimerPlacement placement)
    {
        Log = log;
        Wheel = wheel;
        Placement = placement;
    }

    public Lock Gate { get; } = new();

    public TimerLog Log { get; }

    /// <summary>Under the lock.</summary>
    public TimerWheel Wheel { get; }

    public TimerPlacement Placement { get; }

    /// <summary>Which timers are done. Under the lock.</summary>
    public TimerProgress Progress { get; set; } = new(0);

    /// <summary>The slot of the progress is being delivered: what was taken of it may not be counted yet. Under the lock.</summary>
    public bool IsReading { get; set; }

    /// <summary>Physical offset where the records of the batch in delivery begin; <see cref="long.MaxValue"/> without. Under the lock.</summary>
    public long TellFrom { get; set; } = long.MaxValue;

    /// <summary>End of the last delivery that the progress counts. Under the lock.</summary>
    public long DeliveredEnd { get; set; }

    /// <summary>Something is not in the checkpoint. Under the lock.</summary>
    public bool Changed { get; set; }

    /// <summary>Units before it are done. Under the lock.</summary>
    public long FirstPending { get; set; }

    /// <summary>Whether a unit is done. Under the lock.</summary>
    public bool IsDone(long position, in TimerUnit unit) =>
        unit.Settled != 0 || position <= Progress.DoneUpTo(Placement.SlotOf(unit.SlotTime));

    /// <summary>Makes the wheel from the timer log. Before threads run.</summary>
    public void FillWheel()
    {
        Wheel.Clear();
        for (var position = Log.FirstFrom(FirstPending); position < Log.End; position = Log.After(position))
        {
            if (Log.TryRead(position, out var unit) && !IsDone(position, unit))
                Wheel.Add(Placement.SlotOf(unit.SlotTime), position, unit.Count);
        }
    }

    /// <summary>Physical offset of the first message that is not delivered or rolled; <see cref="long.MaxValue"/> without.</summary>
    public long LowestPending()
    {
        while (true)
        {
            lock (Gate)
            {
                FirstPending = Log.FirstFrom(FirstPending);
                for (var steps = 0; steps < StepsAtOnce; steps++)
                {
                    if (FirstPending >= Log.End)
                        return long.MaxValue;
                    if (Log.TryRead(FirstPending, out var unit) && !IsDone(FirstPending, unit))
                        return unit.PhysicalOffset;
                    FirstPending = Log.After(FirstPending);
                }
            }
        }
    }
}
