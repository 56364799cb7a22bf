namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>
/// The messages of one queue that were pulled and are not handled, in the order of their offsets. Handlers end in any
/// order; progress is the lowest offset that is not handled, so that nothing is skipped after a crash.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class QueueWindow(long start)
{
    private readonly Lock _gate = new();
    private Entry[] _ring = new Entry[64];
    private int _head;
    private int _count;
    private int _unhandled;
    private long _bytes;
    private long _next = start;

    /// <summary>The offset of the next pull.</summary>
    public long Next
    {
        get
        {
            lock (_gate)
            {
                return _next;
            }
        }
    }

    /// <summary>The lowest offset that is not handled: what may be committed.</summary>
    public long Progress
    {
        get
        {
            lock (_gate)
            {
                return _count == 0 ? _next : _ring[_head].Offset;
            }
        }
    }

    /// <summary>Messages that are not handled.</summary>
    public int Unhandled
    {
        get
        {
            lock (_gate)
            {
                return _unhandled;
            }
        }
    }

    /// <summary>Whether another pull is within the limits.</summary>
    public bool HasRoom(int maxMessages, long maxBytes, int maxSpan)
    {
        lock (_gate)
        {
            return _unhandled == 0
                || (_unhandled < maxMessages && _bytes < maxBytes && _next - _ring[_head].Offset < maxSpan);
        }
    }

    /// <summary>Adds the next message; false when it is one of before.</summary>
    public bool TryAdd(long offset, int bytes)
    {
        lock (_gate)
        {
            if (offset < _next)
            {
                return false;
            }

            if (_count == _ring.Length)
            {
                Grow();
            }

            _ring[(_head + _count) & (_ring.Length - 1)] = new Entry(offset, bytes, false);
            _count++;
            _unhandled++;
            _bytes += bytes;
            _next = offset + 1;
            return true;
        }
    }

    /// <summary>Goes on behind messages that were filtered out.</summary>
    public void AdvanceTo(long next)
    {
        lock (_gate)
        {
            _next = Math.Max(_next, next);
        }
    }

    /// <summary>Goes on elsewhere, also backwards: the queue was cut. Nothing may be unhandled.</summary>
    public void Reset(long next)
    {
        lock (_gate)
        {
            _head = 0;
            _count = 0;
            _unhandled = 0;
            _bytes = 0;
            _next = next;
        }
    }

    /// <summary>A message is handled.</summary>
    public void Complete(long offset)
    {
        lock (_gate)
        {
            int at = Find(offset);
            if (at < 0 || _ring[at].IsHandled)
            {
                return;
            }

            _ring[at] = _ring[at] with { IsHandled = true };
            _unhandled--;
            _bytes -= _ring[at].Bytes;
            while (_count > 0 && _ring[_head].IsHandled)
            {
                _head = (_head + 1) & (_ring.Length - 1);
                _count--;
            }
        }
    }

    /// <summary>Offsets ascend around the ring.</summary>
    private int Find(long offset)
    {
        int low = 0;
        int high = _count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int at = (_head + middle) & (_ring.Length - 1);
            if (_ring[at].Offset == offset)
            {
                return at;
            }

            if (_ring[at].Offset < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return -1;
    }

    private void Grow()
    {
        var larger = new Entry[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        }

        _ring = larger;
        _head = 0;
    }

    private readonly record struct Entry(long Offset, int Bytes, bool IsHandled);
}
