using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// The slots that have timers. In memory they are all there is, made from the timer log at each start; the file
/// <c>timerwheel</c> is written for Apache RocketMQ: a ring of two windows of seven days of slots, a slot's place is the
/// number of its time modulo the slots of the ring. Guarded by the lock of <see cref="TimerIndex"/>.
/// </summary>
internal sealed class TimerWheel
{
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly long _slots;
    private readonly long _precision;
    private readonly Dictionary<long, TimerSlot> _byTime = [];
    private readonly PriorityQueue<long, long> _order = new();
    private readonly HashSet<long> _dirty = [];
    private bool _exists;

    public TimerWheel(IFileSystem files, string storeDirectory, long slots, long precision)
    {
        _files = files;
        _path = Path.Combine(storeDirectory, "timerwheel");
        _slots = slots;
        _precision = precision;
        _exists = files.FileExists(_path);
    }

    /// <summary>Timers less recalls, of all slots.</summary>
    public long Count { get; private set; }

    /// <summary>The slot at a time; null without timers.</summary>
    public TimerSlot? Find(long time) => _byTime.TryGetValue(time, out var slot) ? slot : null;

    /// <summary>Time of the first slot that has timers; null without.</summary>
    public long? First
    {
        get
        {
            while (_order.TryPeek(out var time, out _))
            {
                if (_byTime.ContainsKey(time))
                    return time;
                _order.Dequeue();
            }

            return null;
        }
    }

    /// <summary>Adds a unit to the end of a slot.</summary>
    public void Add(long time, long position, int count)
    {
        if (_byTime.TryGetValue(time, out var slot))
        {
            slot = slot with { Last = position, Count = slot.Count + count };
        }
        else
        {
            slot = new TimerSlot(time / _precision, position, position, count);
            _order.Enqueue(time, time);
        }

        _byTime[time] = slot;
        _dirty.Add(time);
        Count += count;
    }

    /// <summary>A timer of a slot turned out to be done.</summary>
    public void Settle(long time, int count)
    {
        if (!_byTime.TryGetValue(time, out var slot))
            return;
        _byTime[time] = slot with { Count = slot.Count - count };
        _dirty.Add(time);
        Count -= count;
    }

    /// <summary>Takes a slot out that is read.</summary>
    public void Remove(long time)
    {
        if (_byTime.Remove(time, out var slot))
            Count -= slot.Count;
        _dirty.Remove(time);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _byTime.Clear();
        _order.Clear();
        _dirty.Clear();
        Count = 0;
    }

    /// <summary>The slots that changed since the last call, to be written without the lock.</summary>
    public List<TimerSlot> TakeDirty()
    {
        if (!_exists)
            _dirty.UnionWith(_byTime.Keys);
        var taken = new List<TimerSlot>(_dirty.Count);
        foreach (var time in _dirty)
            taken.Add(_byTime[time]);
        _dirty.Clear();
        return taken;
    }

    /// <summary>They could not be written: those that are there still come again.</summary>
    public void MarkDirty(List<TimerSlot> taken)
    {
        foreach (var slot in taken)
        {
            if (_byTime.ContainsKey(slot.Time * _precision))
                _dirty.Add(slot.Time * _precision);
        }
    }

    /// <summary>Writes slots into the file, making it. What the disk makes of it does not matter: the timer log has it all.</summary>
    public void Write(List<TimerSlot> slots)
    {
        if (slots.Count == 0)
            return;
        Span<byte> bytes = stackalloc byte[TimerSlot.EncodedSize];
        using var file = _files.Open(_path);
        if (file.Length != _slots * TimerSlot.EncodedSize)
            file.SetLength(_slots * TimerSlot.EncodedSize);
        foreach (var slot in slots)
        {
            slot.Write(bytes);
            file.Write(bytes, slot.Time % _slots * TimerSlot.EncodedSize);
        }

        file.Flush();
        _exists = true;
    }

    /// <summary>Deletes the file: it is made again.</summary>
    public void DeleteFile()
    {
        _files.DeleteFile(_path);
        _exists = false;
    }
}
