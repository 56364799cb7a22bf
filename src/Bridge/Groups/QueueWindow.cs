namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>
/// The messages of one queue between progress and read position, settled in any order.
/// <code>
///   settled for good | unsettled  settled  settled  unsettled | not read yet
///                    ^ Progress                               ^ NextRead
/// </code>
/// Progress is the lowest unsettled offset. Offsets may have gaps: what the filter left out was never in the window.
/// </summary>
/// <remarks>Not thread safe.</remarks>
public sealed class QueueWindow
{
    private Slot[] _ring;
    private int _head;
    private int _count;

    /// <summary>An empty window.</summary>
    /// <param name="start">The first offset to read.</param>
    /// <param name="capacity">Messages in it, at most.</param>
    public QueueWindow(long start, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        NextRead = start;
        Capacity = capacity;
        _ring = new Slot[Math.Min(16, capacity)];
    }

    /// <summary>Messages in it, at most.</summary>
    public int Capacity { get; }

    /// <summary>The next offset to read.</summary>
    public long NextRead { get; private set; }

    /// <summary>Every message before it is settled.</summary>
    public long Progress => _count == 0 ? NextRead : _ring[_head].Offset;

    /// <summary>How many messages may be added.</summary>
    public int Room => Capacity - _count;

    /// <summary>Messages from progress to the read position, those settled out of order among them.</summary>
    public int Count => _count;

    /// <summary>Adds a message that was read; offsets ascend.</summary>
    public void Add(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, NextRead);
        if (_count == Capacity)
        {
            throw new InvalidOperationException("The window is full.");
        }

        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + _count) % _ring.Length] = new Slot(offset, Settled: false);
        _count++;
        NextRead = offset + 1;
    }

    /// <summary>The read went on to that offset without more messages for the window.</summary>
    public void MoveTo(long nextRead) => NextRead = Math.Max(NextRead, nextRead);

    /// <summary>The queue was cut: goes on at an offset behind; possible only when nothing is in the window.</summary>
    public bool TryRestart(long nextRead)
    {
        if (_count != 0)
        {
            return false;
        }

        NextRead = nextRead;
        return true;
    }

    /// <summary>Settles a message; false when it is not in the window or settled already.</summary>
    public bool Settle(long offset)
    {
        int low = 0;
        int high = _count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ref Slot slot = ref _ring[(_head + middle) % _ring.Length];
            if (slot.Offset == offset)
            {
                bool first = !slot.Settled;
                slot = new Slot(offset, Settled: true);
                DropSettled();
                return first;
            }

            if (slot.Offset < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return false;
    }

    private void DropSettled()
    {
        while (_count > 0 && _ring[_head].Settled)
        {
            _head = (_head + 1) % _ring.Length;
            _count--;
        }
    }

    private void Grow()
    {
        var larger = new Slot[Math.Min(Capacity, _ring.Length * 2)];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_head + i) % _ring.Length];
        }

        _ring = larger;
        _head = 0;
    }

    private readonly record struct Slot(long Offset, bool Settled);
}
