using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>Slots not in use, shared by all connections: an idle connection holds none.</summary>
public sealed class PublishSlotPool
{
    private const int Kept = 16_384;

    private readonly ConcurrentQueue<PublishSlot> _free = new();

    public PublishSlot Rent() => _free.TryDequeue(out PublishSlot? slot) ? slot : new PublishSlot();

    /// <summary>Takes a slot back; beyond the limit it is left to the collector.</summary>
    public void Return(PublishSlot slot)
    {
        if (_free.Count < Kept)
            _free.Enqueue(slot);
    }
}
