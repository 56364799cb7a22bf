using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>A timer of the slot in hand.</summary>
internal readonly record struct DueTimer(long Position, TimerUnit Unit);

/// <summary>
/// Reads slots as they fall due, oldest unit first, some at a time: the chain of a slot goes from the newest to the oldest
/// unit, so each time the oldest ones that are open are kept while it is walked. The memory it takes does not depend on
/// the size of a slot, but for 16 bytes a recall. One thread.
/// </summary>
internal sealed class TimerReader
{
    /// <summary>Timers taken out of a slot at a time.</summary>
    public const int Chunk = 16_384;

    private readonly TimerState _state;
    private readonly TimerCounts _counts;
    private readonly HashSet<UInt128> _recalled = [];
    private DueTimer[] _ring = [];
    private long _slot = -1;
    private long _seen = -1;

    public TimerReader(TimerState state, TimerCounts counts)
    {
        _state = state;
        _counts = counts;
    }

    /// <summary>
    /// Begins the first slot that is due, or goes on with it. When none is, <paramref name="next"/> is the time when one
    /// will be, <see cref="long.MaxValue"/> without timers.
    /// </summary>
    public bool TryBegin(long now, out long next)
    {
        next = long.MaxValue;
        lock (_state.Gate)
        {
            _state.IsReading = false;
            if (_state.Wheel.First is not { } first)
                return false;
            var progress = _state.Progress;
            var goesOn = progress.IsOpen && first == progress.Slot;
            next = first + _state.Placement.Precision;
            if (next > now && !goesOn)
                return false;
            _state.Progress = progress.At(first);
            _state.IsReading = true;
            _state.Changed = true;
            if (_slot != first)
            {
                _slot = first;
                _seen = -1;
                _recalled.Clear();
            }

            return true;
        }
    }

    /// <summary>
    /// Up to <see cref="Chunk"/> open timers of the slot, oldest first; valid until the next call. None: the slot was read
    /// and is gone.
    /// </summary>
    /// <param name="recall">Reads the key that a recall names out of its record, as <see cref="Key"/>; 0 when it cannot be read.</param>
    public ReadOnlyMemory<DueTimer> Take(Func<TimerUnit, UInt128> recall)
    {
        while (true)
        {
            long last;
            TimerProgress progress;
            lock (_state.Gate)
            {
                if (_state.Wheel.Find(_slot) is not { } slot)
                    return default;
                last = slot.Last;
                progress = _state.Progress;
            }

            TakeRecalls(last, recall);
            var taken = Walk(last, progress.DoneUpTo(_slot));
            if (!taken.IsEmpty || TryFinish(last))
                return taken;
        }
    }

    /// <summary>Whether a message of the slot was recalled.</summary>
    public bool IsRecalled(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> uniqueKey)
    {
        if (_recalled.Count == 0)
            return false;
        Span<byte> text = topic.Length + uniqueKey.Length < 512 ? stackalloc byte[512] : new byte[topic.Length + uniqueKey.Length + 1];
        topic.CopyTo(text);
        text[topic.Length] = (byte)'+';
        uniqueKey.CopyTo(text[(topic.Length + 1)..]);
        return _recalled.Contains(Key(text[..(topic.Length + 1 + uniqueKey.Length)]));
    }

    /// <summary>What is kept of a recall's key.</summary>
    public static UInt128 Key(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>Records that settle timers are about to be written, from this offset of the log on.</summary>
    public void BeginBatch(long written)
    {
        lock (_state.Gate)
        {
            _state.TellFrom = Math.Min(_state.TellFrom, written);
            _state.Changed = true;
        }
    }

    /// <summary>These timers of the slot are done, and the records that settle them durable up to <paramref name="end"/>.</summary>
    public void EndBatch(ReadOnlySpan<DueTimer> done, long end)
    {
        lock (_state.Gate)
        {
            foreach (var timer in done)
                _counts.Add(timer.Unit.TopicHash, -timer.Unit.Count);
            if (!done.IsEmpty && _state.Progress.Slot == _slot)
                _state.Progress = _state.Progress with { Position = done[^1].Position };
            _state.TellFrom = long.MaxValue;
            _state.DeliveredEnd = Math.Max(_state.DeliveredEnd, end);
            _state.Changed = true;
        }
    }

    private bool TryFinish(long last)
    {
        lock (_state.Gate)
        {
            if (_state.Wheel.Find(_slot) is not { } slot || slot.Last != last)
                return false;
            _state.Wheel.Remove(_slot);
            _state.IsReading = false;
            _state.Progress = _state.Progress.After(_slot, _state.Placement.Precision);
            _state.Changed = true;
            return true;
        }
    }

    // A damaged unit must not lead in a circle.
    private static long Before(long position, in TimerUnit unit) => unit.Previous < position ? unit.Previous : -1;

    // Also those of units that are done: a recall may stand before the timer it recalls, when that was rolled.
    private void TakeRecalls(long last, Func<TimerUnit, UInt128> recall)
    {
        for (var position = last; position > _seen && _state.Log.TryRead(position, out var unit); position = Before(position, unit))
        {
            if (unit.Recalls && recall(unit) is var key && key != UInt128.Zero)
                _recalled.Add(key);
        }

        _seen = last;
    }

    private ReadOnlyMemory<DueTimer> Walk(long last, long done)
    {
        var count = 0L;
        for (var position = last; position > done && _state.Log.TryRead(position, out var unit); position = Before(position, unit))
        {
            if (unit.Settled != 0)
                continue;
            if (count >= _ring.Length && _ring.Length < Chunk)
                Array.Resize(ref _ring, Math.Clamp(_ring.Length * 2, 64, Chunk));
            _ring[count++ % _ring.Length] = new DueTimer(position, unit);
        }

        // The newest kept is overwritten by the oldest: unroll, then oldest first.
        var kept = (int)Math.Min(count, _ring.Length);
        if (count > kept)
        {
            var newest = (int)(count % kept);
            Array.Reverse(_ring, 0, newest);
            Array.Reverse(_ring, newest, kept - newest);
        }
        else
        {
            Array.Reverse(_ring, 0, kept);
        }

        return _ring.AsMemory(0, kept);
    }
}
