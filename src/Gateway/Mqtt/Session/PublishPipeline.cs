namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// The PUBLISHes of one connection that are on their way to the log, in the order they came. Many are in flight at
/// once, so that a connection is not held to one message per group commit; they leave at the front only, so that
/// PUBACKs and PUBRECs go out in the order of their PUBLISHes [MQTT-4.6.0-2] [MQTT-4.6.0-3].
/// </summary>
/// <remarks>
/// Three threads meet here: the reader enters slots, a bridge's thread ends them, the writer takes them.
/// </remarks>
public sealed class PublishPipeline
{
    private readonly Lock _gate = new();
    private readonly AsyncSignal _room = new();
    private readonly int _maximumCount;
    private readonly int _maximumBytes;
    private readonly PublishSlotPool _pool;
    private readonly Action _readyToTake;
    private readonly Action<Exception> _defect;
    private PublishSlot?[] _ring = [];
    private int _head;
    private int _count;
    private int _unacknowledged;
    private long _bytes;
    private int _open;
    private TaskCompletionSource? _allDone;
    private bool _closed;

    /// <summary>Makes an empty pipeline.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="pool">Where slots come from.</param>
    /// <param name="readyToTake">Called when the front of the line is done; from any thread, must not block.</param>
    /// <param name="defect">Told of exceptions that are no refusals.</param>
    public PublishPipeline(MqttOptions options, PublishSlotPool pool, Action readyToTake, Action<Exception> defect)
    {
        _maximumCount = options.ReceiveMaximum;
        _maximumBytes = options.InflightBytes;
        _pool = pool;
        _readyToTake = readyToTake;
        _defect = defect;
    }

    /// <summary>How many are in flight.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>PUBLISHes of QoS 1 that wait for their PUBACK.</summary>
    public int Unacknowledged
    {
        get
        {
            lock (_gate)
                return _unacknowledged;
        }
    }

    /// <summary>Whether another PUBLISH of that size may be entered now.</summary>
    public bool HasRoom(int size)
    {
        lock (_gate)
            return _count == 0 || _closed || (_count < _maximumCount && _bytes + size <= _maximumBytes);
    }

    /// <summary>Completes when a slot has left since the last wait; ask <see cref="HasRoom"/> again.</summary>
    public ValueTask WaitForRoomAsync() => _room.WaitAsync();

    /// <summary>Enters the next PUBLISH at the back. The caller starts or refuses the slot.</summary>
    public PublishSlot Enter(byte qos, ushort packetId, int size)
    {
        PublishSlot slot = _pool.Rent();
        slot.Open(this, qos, packetId, size);
        lock (_gate)
        {
            if (_count == _ring.Length)
                Grow();
            _ring[(_head + _count) & (_ring.Length - 1)] = slot;
            _count++;
            _open++;
            _bytes += size;
            if (qos == 1)
                _unacknowledged++;
        }

        return slot;
    }

    /// <summary>The front slot when it is done, else null. After using it the caller gives it back by <see cref="Leave"/>.</summary>
    public PublishSlot? PeekDone()
    {
        lock (_gate)
            return _count > 0 && _ring[_head]!.IsDone ? _ring[_head] : null;
    }

    /// <summary>The front slot leaves: its acknowledgement is written.</summary>
    public void Leave(PublishSlot slot)
    {
        lock (_gate)
        {
            _ring[_head] = null;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
            _bytes -= slot.Size;
            if (slot.Qos == 1)
                _unacknowledged--;
        }

        _pool.Return(slot);
        _room.Set();
    }

    /// <summary>For the slot: the bridge has answered.</summary>
    public void OnDone(PublishSlot slot)
    {
        bool first;
        TaskCompletionSource? allDone = null;
        lock (_gate)
        {
            slot.MarkDone();
            if (--_open == 0)
                allDone = _allDone;
            first = _count > 0 && ReferenceEquals(_ring[_head], slot);
        }

        if (first)
            _readyToTake();
        allDone?.TrySetResult();
    }

    /// <summary>Completes when the bridge has answered for all that were entered; nothing is entered any more.</summary>
    public Task AllDoneAsync()
    {
        lock (_gate)
        {
            if (_open == 0)
                return Task.CompletedTask;
            _allDone ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _allDone.Task;
        }
    }

    /// <summary>For the slot: the bridge threw what it must not throw.</summary>
    public void ReportDefect(Exception defect) => _defect(defect);

    /// <summary>Nobody takes any more; what is in flight ends on its own. A reader that waits for room goes on.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
        _room.Set();
    }

    private void Grow()
    {
        var larger = new PublishSlot?[Math.Max(8, _ring.Length * 2)];
        for (int i = 0; i < _count; i++)
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
