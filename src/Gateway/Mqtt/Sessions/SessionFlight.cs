using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// The deliveries in flight of a session that outlives its connection, over one connection. Those that came from queues
/// of filters, and retained messages, are kept and sent again under their packet identifiers [MQTT-4.4.0-1]; those of shared
/// subscriptions end with the connection.
/// </summary>
/// <remarks>
/// Thread safe: the feed adds, the connection's writer marks, its reader acknowledges. What counts against the client's
/// receive maximum is what was handed to this connection.
/// </remarks>
public sealed class SessionFlight : IPacketIds
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ushort, Slot> _slots = [];
    private readonly List<ushort> _received = [];
    private readonly int _window;
    private ushort _last;
    private long _sequence;
    private int _reserved;
    private int _outstanding;
    private int _changes;

    /// <summary>Begins with what an earlier connection left.</summary>
    /// <param name="progress">What was saved.</param>
    /// <param name="isExact">Whether what it says of messages that were not sent is so.</param>
    /// <param name="window">Deliveries that the client takes without acknowledging.</param>
    public SessionFlight(ProgressRecord? progress, bool isExact, int window)
    {
        _window = window;
        _last = progress?.LastPacketId ?? 0;
        foreach (FlightEntry entry in progress?.Flight ?? [])
        {
            // What was saved before it was sent may have been sent: only a save at the end of a connection knows.
            _slots[entry.PacketId] = new Slot(entry with { IsSent = entry.IsSent || !isExact }, ++_sequence);
            if (entry.IsReceived)
                _received.Add(entry.PacketId);
        }
    }

    /// <summary>Told that something was acknowledged: there may be room, or a PUBREL to send.</summary>
    public Action? Changed { get; set; }

    /// <inheritdoc/>
    public int Count
    {
        get
        {
            lock (_gate)
                return _slots.Count;
        }
    }

    /// <summary>Acknowledgements since the last snapshot.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>The last identifier given.</summary>
    public ushort LastPacketId
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    /// <summary>What has to be sent again on this connection, in order; messages whose PUBREC came are not among it.</summary>
    public IReadOnlyList<FlightEntry> ToResend()
    {
        lock (_gate)
            return [.. _slots.Values.Where(slot => slot.Entry is { IsReceived: false } && !slot.IsOutstanding).OrderBy(slot => slot.Sequence).Select(slot => slot.Entry!)];
    }

    /// <summary>Whether another delivery may be in flight.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
                return _outstanding + _reserved < _window;
        }
    }

    /// <summary>Reserves room for deliveries; answers for how many, at most as many as asked for.</summary>
    public int Reserve(int wanted)
    {
        lock (_gate)
        {
            int given = Math.Max(0, Math.Min(wanted, Math.Min(_window, ushort.MaxValue - 1 - _slots.Count) - _outstanding - _reserved));
            _reserved += given;
            return given;
        }
    }

    /// <summary>Gives room back that was not used.</summary>
    public void Unreserve(int count)
    {
        lock (_gate)
            _reserved -= count;
    }

    /// <summary>Adds a delivery in room that was reserved, and answers its packet identifier.</summary>
    public ushort Add(byte qos, bool retain, uint identifier, QueuePosition place)
    {
        lock (_gate)
        {
            _reserved--;
            ushort packetId = NextFree();
            Put(packetId, new FlightEntry(packetId, qos, IsReceived: false, IsSent: false, retain, identifier, place), isExactlyOnce: false);
            return packetId;
        }
    }

    /// <summary>A delivery of an earlier connection is handed to this one.</summary>
    public void Resume(ushort packetId)
    {
        lock (_gate)
        {
            if (_slots.TryGetValue(packetId, out Slot? slot) && !slot.IsOutstanding)
            {
                slot.IsOutstanding = true;
                _outstanding++;
            }
        }
    }

    /// <summary>The identifiers whose PUBREC came and whose PUBREL waits, in the order of the PUBRECs [MQTT-4.6.0-4].</summary>
    public void TakeReceived(List<ushort> into)
    {
        lock (_gate)
        {
            into.AddRange(_received);
            _received.Clear();
        }
    }

    /// <summary>What is to be kept.</summary>
    public IReadOnlyList<FlightEntry> Snapshot()
    {
        lock (_gate)
        {
            _changes = 0;
            return [.. _slots.Values.Where(slot => slot.Entry is not null).OrderBy(slot => slot.Sequence).Select(slot => slot.Entry!)];
        }
    }

    /// <inheritdoc/>
    public bool TryTake(byte qos, out ushort packetId)
    {
        lock (_gate)
        {
            packetId = 0;
            if (_outstanding + _reserved >= _window || _slots.Count >= ushort.MaxValue - 1)
                return false;
            packetId = NextFree();
            Put(packetId, null, qos == 2);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Written(ushort packetId)
    {
        lock (_gate)
        {
            if (_slots.TryGetValue(packetId, out Slot? slot) && slot.Entry is { IsSent: false } entry)
                slot.Entry = entry with { IsSent = true };
        }
    }

    /// <inheritdoc/>
    public bool TryRelease(ushort packetId)
    {
        bool removed;
        lock (_gate)
            removed = Remove(packetId);
        if (removed)
            Changed?.Invoke();
        return removed;
    }

    /// <inheritdoc/>
    public AcknowledgementResult Puback(ushort packetId)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(packetId, out Slot? slot) || slot.Qos != 1 || !Remove(packetId))
                return AcknowledgementResult.Unknown;
        }

        Changed?.Invoke();
        return AcknowledgementResult.Done;
    }

    /// <inheritdoc/>
    public AcknowledgementResult Pubrec(ushort packetId, bool isRefusal)
    {
        AcknowledgementResult result;
        lock (_gate)
        {
            if (!_slots.TryGetValue(packetId, out Slot? slot) || slot.Qos != 2)
                return AcknowledgementResult.Unknown;
            result = Receive(packetId, slot, isRefusal);
        }

        Changed?.Invoke();
        return result;
    }

    /// <inheritdoc/>
    public AcknowledgementResult Pubcomp(ushort packetId)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(packetId, out Slot? slot) || !slot.IsReceived || !Remove(packetId))
                return AcknowledgementResult.Unknown;
        }

        Changed?.Invoke();
        return AcknowledgementResult.Done;
    }

    private AcknowledgementResult Receive(ushort packetId, Slot slot, bool isRefusal)
    {
        if (isRefusal && !slot.IsReceived)
        {
            Remove(packetId);
            return AcknowledgementResult.Done;
        }

        if (slot.Entry is not { } entry)
        {
            slot.IsReceived = true;
            return AcknowledgementResult.Release;
        }

        slot.IsReceived = true;
        slot.Entry = entry with { IsReceived = true };
        _changes++;
        if (!_received.Contains(packetId))
            _received.Add(packetId);
        return AcknowledgementResult.ReleaseLater;
    }

    private void Put(ushort packetId, FlightEntry? entry, bool isExactlyOnce)
    {
        _slots[packetId] = new Slot(entry, ++_sequence) { IsOutstanding = true, Qos = entry?.Qos ?? (isExactlyOnce ? (byte)2 : (byte)1) };
        _outstanding++;
        _last = packetId;
    }

    private bool Remove(ushort packetId)
    {
        if (!_slots.Remove(packetId, out Slot? slot))
            return false;
        _outstanding -= slot.IsOutstanding ? 1 : 0;
        _changes++;
        return true;
    }

    private ushort NextFree()
    {
        ushort packetId = _last;
        do
            packetId = packetId == ushort.MaxValue ? (ushort)1 : (ushort)(packetId + 1);
        while (_slots.ContainsKey(packetId));
        return packetId;
    }

    private sealed class Slot(FlightEntry? entry, long sequence)
    {
        public FlightEntry? Entry { get; set; } = entry;

        public long Sequence { get; } = sequence;

        public byte Qos { get; init; } = entry?.Qos ?? 1;

        public bool IsReceived { get; set; } = entry?.IsReceived ?? false;

        public bool IsOutstanding { get; set; }
    }
}
