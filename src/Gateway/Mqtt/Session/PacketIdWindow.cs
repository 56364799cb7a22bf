using System.Numerics;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// The packet identifiers of QoS 1 deliveries that wait for their PUBACK. As many as the client's receive maximum
/// lets be in flight: identifiers 1 to the window's size [MQTT-2.2.1-4] [MQTT-3.3.4-9].
/// </summary>
/// <remarks>Not thread safe.</remarks>
public sealed class PacketIdWindow
{
    private readonly int _size;
    private ulong[] _used = [];
    private int _next;

    public PacketIdWindow(int size) => _size = size;

    /// <summary>How many are in flight.</summary>
    public int Count { get; private set; }

    /// <summary>Takes a free identifier; false when the window is full.</summary>
    public bool TryTake(out ushort packetId)
    {
        packetId = 0;
        if (Count >= _size)
            return false;
        if (_used.Length == 0)
            _used = new ulong[(_size + 63) / 64];

        int index = FindFree(_next);
        _used[index >> 6] |= 1UL << (index & 63);
        _next = index + 1 == _size ? 0 : index + 1;
        Count++;
        packetId = (ushort)(index + 1);
        return true;
    }

    /// <summary>Frees an identifier; false when it was not in flight.</summary>
    public bool TryRelease(ushort packetId)
    {
        int index = packetId - 1;
        if (index < 0 || index >= _size || _used.Length == 0 || (_used[index >> 6] & (1UL << (index & 63))) == 0)
            return false;
        _used[index >> 6] &= ~(1UL << (index & 63));
        Count--;
        return true;
    }

    /// <summary>The first free index at or after the start, going round; there is one.</summary>
    private int FindFree(int start)
    {
        int word = start >> 6;
        ulong free = ~_used[word] & (ulong.MaxValue << (start & 63));
        while (true)
        {
            int index = (word << 6) + BitOperations.TrailingZeroCount(free);
            if (free != 0 && index < _size)
                return index;
            word = word + 1 == _used.Length ? 0 : word + 1;
            free = ~_used[word];
        }
    }
}
