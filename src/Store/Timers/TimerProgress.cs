namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// Which timers are done, without a mark on each: those in slots before <paramref name="Slot"/>, and in that slot the
/// units up to <paramref name="Position"/>. After a step back (a timer came whose slot had been read, or the clock was
/// set back) only units behind <paramref name="HighPosition"/> are open in slots before <paramref name="HighSlot"/>.
/// </summary>
/// <param name="Slot">Time of the slot that is read next or now.</param>
/// <param name="Position">Position of the last unit of it that is done; -1 when none is.</param>
/// <param name="HighSlot">0 without a step back.</param>
/// <param name="HighPosition">End of the timer log when the step was made.</param>
internal readonly record struct TimerProgress(long Slot, long Position = -1, long HighSlot = 0, long HighPosition = -1)
{
    /// <summary>Whether some of the slot is delivered and some not.</summary>
    public bool IsOpen => Position >= 0;

    /// <summary>Whether slots were stepped back over that are not read again yet.</summary>
    public bool IsBack => Slot < HighSlot;

    /// <summary>Units of a slot up to this position are done.</summary>
    public long DoneUpTo(long slot) =>
        slot < Slot ? long.MaxValue : Math.Max(slot == Slot ? Position : -1, slot < HighSlot ? HighPosition - 1 : -1);

    /// <summary>The slot is read.</summary>
    public TimerProgress After(long slot, long precision) => At(slot + precision);

    /// <summary>Goes on to a slot; there is nothing in those between.</summary>
    public TimerProgress At(long slot)
    {
        if (slot <= Slot)
            return this;
        return slot >= HighSlot ? new TimerProgress(slot) : this with { Slot = slot, Position = -1 };
    }

    /// <summary>
    /// Where a timer goes whose slot is <paramref name="wanted"/>, and the progress then. A slot that is read takes
    /// none any more; the nearest one that is still to be read does, without being early.
    /// </summary>
    /// <param name="wanted">Its slot.</param>
    /// <param name="now">The clock.</param>
    /// <param name="precision">Time of a slot.</param>
    /// <param name="end">End of the timer log.</param>
    /// <param name="isReading">Timers of the slot are being delivered, and not counted yet.</param>
    public (long Slot, TimerProgress Progress) Admit(long wanted, long now, long precision, long end, bool isReading = false)
    {
        if (wanted >= Slot)
            return (wanted, this);
        var isOpen = IsOpen || isReading;
        if (wanted + precision <= now && (isOpen || Slot + precision <= now))
            return (Slot, this);
        if (isOpen)
            return (Slot + precision, this);
        if (IsBack)
            return (Slot, this);

        // As far as the clock went, not as far as this timer needs: the next one may be due before it.
        var back = now - (now % precision) - precision;
        return back >= Slot ? (Slot, this) : (Math.Max(wanted, back), new TimerProgress(back, -1, Slot, end));
    }
}
