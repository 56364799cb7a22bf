using System.Numerics;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// The packet identifiers of the deliveries of a session that ends with its connection. As many as the client's receive
/// maximum lets be in flight: identifiers 1 to the window's size [MQTT-2.2.1-4] [MQTT-3.3.4-9].
/// </summary>
/// <remarks>Not thread safe.</remarks>
public sealed class PacketIdWindow : IPacketIds
{
    private readonly int _size;
    private ulong[] _used = [];
    private ulong[]? _exactlyOnce;
    private ulong[]? _received;
    private int _next;

    public PacketIdWindow(int size) => _size = size;

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public bool TryTake(byte qos, out ushort packetId)
    {
        packetId = 0;
        if (Count >= _size)
            return false;
        if (_used.Length == 0)
            _used = new ulong[(_size + 63) / 64];

        int index = FindFree(_next);
        Set(_used, index);
        if (qos == 2)
            Set(_exactlyOnce ??= new ulong[_used.Length], index);
        _next = index + 1 == _size ? 0 : index + 1;
        Count++;
        packetId = (ushort)(index + 1);
        return true;
    }

    /// <inheritdoc/>
    public void Written(ushort packetId)
    {
    }

    /// <inheritdoc/>
    public bool TryRelease(ushort packetId)
    {
        int index = packetId - 1;
        if (!IsSet(_used, index))
            return false;
        Clear(_used, index);
        Clear(_exactlyOnce, index);
        Clear(_received, index);
        Count--;
        return true;
    }

    /// <inheritdoc/>
    public AcknowledgementResult Puback(ushort packetId)
        => !IsSet(_exactlyOnce, packetId - 1) && TryRelease(packetId) ? AcknowledgementResult.Done : AcknowledgementResult.Unknown;

    /// <inheritdoc/>
    public AcknowledgementResult Pubrec(ushort packetId, bool isRefusal)
    {
        int index = packetId - 1;
        if (!IsSet(_exactlyOnce, index))
            return AcknowledgementResult.Unknown;
        if (isRefusal && !IsSet(_received, index))
        {
            TryRelease(packetId);
            return AcknowledgementResult.Done;
        }

        Set(_received ??= new ulong[_used.Length], index);
        return AcknowledgementResult.Release;
    }

    /// <inheritdoc/>
    public AcknowledgementResult Pubcomp(ushort packetId)
        => IsSet(_received, packetId - 1) && TryRelease(packetId) ? AcknowledgementResult.Done : AcknowledgementResult.Unknown;

    private static void Set(ulong[] bits, int index) => bits[index >> 6] |= 1UL << (index & 63);

    private static void Clear(ulong[]? bits, int index)
    {
        if (bits is not null)
            bits[index >> 6] &= ~(1UL << (index & 63));
    }

    private bool IsSet(ulong[]? bits, int index)
        => bits is not null && index >= 0 && index < _size && bits.Length > 0 && (bits[index >> 6] & (1UL << (index & 63))) != 0;

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
