namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What became of a delivery that was offered to a queue.</summary>
public enum EnqueueResult
{
    Queued,

    /// <summary>The limit of count or bytes is reached.</summary>
    Full,

    /// <summary>The session has ended.</summary>
    Closed,
}

/// <summary>
/// The deliveries of one session that wait to be written, bounded by count and bytes, and the window of those that
/// wait for their PUBACK or PUBCOMP.
/// </summary>
/// <remarks>The router offers, the session's writer takes, its reader acknowledges.</remarks>
public sealed class DeliveryQueue
{
    private readonly Lock _gate = new();
    private readonly int _maximumCount;
    private readonly long _maximumBytes;
    private readonly IPacketIds _ids;
    private Delivery[] _ring = [];
    private int _head;
    private int _count;
    private long _bytes;
    private bool _closed;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="ids">Where deliveries above QoS 0 get their packet identifiers.</param>
    public DeliveryQueue(MqttOptions options, IPacketIds ids)
    {
        _maximumCount = options.QueuedMessages;
        _maximumBytes = options.QueuedBytes;
        _ids = ids;
    }

    /// <summary>Deliveries that wait to be written.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>Bytes that wait to be written.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>Deliveries that wait for their PUBACK or PUBCOMP.</summary>
    public int InFlight
    {
        get
        {
            lock (_gate)
                return _ids.Count;
        }
    }

    /// <summary>Puts a delivery at the back and takes a reference to its message.</summary>
    public EnqueueResult TryEnqueue(in Delivery delivery)
    {
        int size = delivery.Message.Size;
        lock (_gate)
        {
            if (_closed)
                return EnqueueResult.Closed;
            if (_count >= _maximumCount || (_count > 0 && _bytes + size > _maximumBytes))
                return EnqueueResult.Full;
            if (_count == _ring.Length)
                Grow();
            delivery.Message.AddReference();
            _ring[(_head + _count) & (_ring.Length - 1)] = delivery;
            _count++;
            _bytes += size;
            return EnqueueResult.Queued;
        }
    }

    /// <summary>
    /// Takes the front delivery, with a packet identifier above QoS 0; false when there is none or the window is full.
    /// The caller releases the message.
    /// </summary>
    public bool TryDequeue(out Delivery delivery, out ushort packetId)
    {
        delivery = default;
        packetId = 0;
        lock (_gate)
        {
            if (_count == 0)
                return false;
            packetId = _ring[_head].PacketId;
            if (packetId != 0)
                _ids.Written(packetId);
            else if (_ring[_head].Qos > 0 && !_ids.TryTake(_ring[_head].Qos, out packetId))
                return false;
            delivery = _ring[_head];
            _ring[_head] = default;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
            _bytes -= delivery.Message.Size;
            return true;
        }
    }

    /// <summary>The delivery was not written after all; false when the identifier was not in flight.</summary>
    public bool TryRelease(ushort packetId)
    {
        lock (_gate)
            return _ids.TryRelease(packetId);
    }

    /// <summary>A PUBACK came.</summary>
    public AcknowledgementResult Puback(ushort packetId)
    {
        lock (_gate)
            return _ids.Puback(packetId);
    }

    /// <summary>A PUBREC came.</summary>
    public AcknowledgementResult Pubrec(ushort packetId, bool isRefusal)
    {
        lock (_gate)
            return _ids.Pubrec(packetId, isRefusal);
    }

    /// <summary>A PUBCOMP came.</summary>
    public AcknowledgementResult Pubcomp(ushort packetId)
    {
        lock (_gate)
            return _ids.Pubcomp(packetId);
    }

    /// <summary>Drops what waits, and answers how many deliveries above QoS 0 were not acknowledged.</summary>
    public int Close()
    {
        lock (_gate)
        {
            _closed = true;
            int lost = _ids.Count;
            for (; _count > 0; _count--)
            {
                lost += _ring[_head].Qos > 0 ? 1 : 0;
                _ring[_head].Message.Release();
                _head = (_head + 1) & (_ring.Length - 1);
            }

            _ring = [];
            return lost;
        }
    }

    private void Grow()
    {
        var larger = new Delivery[Math.Max(8, _ring.Length * 2)];
        for (int i = 0; i < _count; i++)
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
