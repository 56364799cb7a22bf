namespace ProtoBridgeMQ.Store.Timers;

/// <summary>Which slot a timer waits in: that of its time, or where it is rolled when that is too far away.</summary>
/// <param name="Precision">Time of a slot, milliseconds.</param>
/// <param name="Window">Timers further away than this are rolled, milliseconds.</param>
internal readonly record struct TimerPlacement(long Precision, long Window)
{
    /// <summary>The start of the slot that a time is in.</summary>
    public long SlotOf(long time) => time - (time % Precision);

    /// <summary>
    /// The slot, by the time that the message was stored. As Apache RocketMQ does it: rolled after the window, but after
    /// half of it when less than a third of it would be left then.
    /// </summary>
    public (long Slot, bool Rolls) Place(long due, long stored)
    {
        var written = SlotOf(stored);
        var beyond = due - written - Window;
        if (beyond < 0)
            return (SlotOf(due), false);
        return (SlotOf(written + (beyond < Window / 3 ? Window / 2 : Window)), true);
    }

    /// <summary>
    /// The time that is kept of a message that should be delivered at another: its slot is read when the slot's time is
    /// over, so a time on a boundary belongs to the slot before it.
    /// </summary>
    public long OutTime(long deliver) => deliver % Precision == 0 ? deliver - Precision : SlotOf(deliver);
}
