using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>A message that was handed out and not settled.</summary>
internal sealed class Delivery
{
    public DeliveryId Id { get; set; }

    public required QueueReader Reader { get; set; }

    public HeldMessage Message { get; set; }

    /// <summary>Who holds it; null when it was taken back and waits to be sent back.</summary>
    public GroupStream? Holder { get; set; }

    /// <summary>When the lease ends, in ticks of the clock's UTC time.</summary>
    public long LeaseEnd { get; set; }
}

/// <summary>The deliveries of a group in flight, and their leases.</summary>
/// <remarks>Not thread safe: the group's gate guards it. Its bound is that of the windows.</remarks>
internal sealed class InFlightTable
{
    private const int MaxSpare = 1024;

    // One sequence for the process: a delivery id of one group is never valid in another.
    private static long _lastId;

    private readonly Dictionary<long, Delivery> _deliveries = [];
    private readonly Stack<Delivery> _spare = new();

    public int Count => _deliveries.Count;

    public DeliveryId Add(QueueReader reader, in HeldMessage message, GroupStream holder, long leaseEnd)
    {
        if (!_spare.TryPop(out Delivery? delivery))
        {
            delivery = new Delivery { Reader = reader };
        }

        delivery.Id = new DeliveryId(Interlocked.Increment(ref _lastId));
        delivery.Reader = reader;
        delivery.Message = message;
        delivery.Holder = holder;
        delivery.LeaseEnd = leaseEnd;
        _deliveries.Add(delivery.Id.Value, delivery);
        return delivery.Id;
    }

    /// <summary>The delivery, when somebody holds it.</summary>
    public Delivery? Find(DeliveryId id)
        => _deliveries.TryGetValue(id.Value, out Delivery? delivery) && delivery.Holder is not null ? delivery : null;

    public void Remove(Delivery delivery) => _deliveries.Remove(delivery.Id.Value);

    /// <summary>Puts a removed one back, to be taken again when its lease ends.</summary>
    public void PutBack(Delivery delivery) => _deliveries.Add(delivery.Id.Value, delivery);

    /// <summary>A removed delivery that nobody uses any more is used again.</summary>
    public void Recycle(Delivery delivery)
    {
        delivery.Holder = null;
        if (_spare.Count < MaxSpare)
        {
            _spare.Push(delivery);
        }
    }

    /// <summary>Removes the deliveries whose lease ended.</summary>
    public void TakeExpired(long now, List<Delivery> expired) => Take(static (delivery, state) => delivery.LeaseEnd <= (long)state, now, expired);

    /// <summary>Removes the deliveries of a stream.</summary>
    public void TakeOf(GroupStream holder, List<Delivery> taken) => Take(static (delivery, state) => ReferenceEquals(delivery.Holder, state), holder, taken);

    /// <summary>Removes the deliveries of a queue.</summary>
    public void TakeOf(QueueReader reader, List<Delivery> taken) => Take(static (delivery, state) => ReferenceEquals(delivery.Reader, state), reader, taken);

    private void Take(Func<Delivery, object, bool> wanted, object state, List<Delivery> taken)
    {
        int before = taken.Count;
        foreach (Delivery delivery in _deliveries.Values)
        {
            if (wanted(delivery, state))
            {
                taken.Add(delivery);
            }
        }

        for (int i = before; i < taken.Count; i++)
        {
            _deliveries.Remove(taken[i].Id.Value);
        }
    }
}
