using System.Text;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// Which light queues exist: gives them their slot and incarnation, finds them by name, and has the catalogue and the
/// selector know of each that is made or deleted. Thread-safe.
/// </summary>
internal sealed class LightQueueRegistry
{
    private const int MostSlots = 1 << 26;
    private const long LastRecord = uint.MaxValue * 8L;

    private readonly LightQueueTable _table;
    private readonly LightQueueCatalogue _catalogue;
    private readonly LightQueueArena _arena;
    private readonly ILightQueueSelector? _selector;
    private readonly int _maxQueues;
    private readonly LightQueueNames _names;
    private readonly Lock _lock = new();
    private readonly Stack<int> _freeSlots = new();
    private readonly byte[] _scratch = new byte[CatalogueRecord.HeadSize + CatalogueRecord.MaxName + 8];
    private int _slots = LightQueueHeads.FirstSlot;
    private int _incarnation;
    private long _liveBytes;

    public LightQueueRegistry(LightQueueTable table, LightQueueCatalogue catalogue, LightQueueArena arena, ILightQueueSelector? selector, int maxQueues)
    {
        _table = table;
        _catalogue = catalogue;
        _arena = arena;
        _selector = selector;
        _maxQueues = maxQueues;
        _names = new LightQueueNames(table);
    }

    /// <summary>Queues.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _names.Count;
        }
    }

    /// <summary>Slot after the last one that was ever given.</summary>
    public int Slots => Volatile.Read(ref _slots);

    /// <summary>Reads the catalogue. <see cref="Begin"/> follows, once its end is known to be where it was.</summary>
    public void Load()
    {
        _catalogue.Load(Take);
        _incarnation = Math.Max(_incarnation, _catalogue.Incarnation);
    }

    /// <summary>Has the catalogue written anew when most of it is of queues that are gone, and tells the selector what there is.</summary>
    public void Begin()
    {
        if (_catalogue.Compact(_liveBytes, _incarnation, LiveRecords()))
        {
            _liveBytes = 0;
            for (var slot = LightQueueHeads.FirstSlot; slot < _slots; slot++)
            {
                ref var state = ref _table.At(slot);
                if (state.Exists)
                    _names.Remove(slot, state.Hash);
                state = default;
            }

            _catalogue.Load(Take);
        }

        for (var slot = _slots - 1; slot >= LightQueueHeads.FirstSlot; slot--)
        {
            if (!_table.At(slot).Exists)
                _freeSlots.Push(slot);
        }

        if (_selector is not null)
            _catalogue.Scan(TellSelector);
    }

    public LightQueueId Find(ReadOnlySpan<byte> name)
    {
        lock (_lock)
            return FindLocked(name, LightQueueNames.HashOf(name));
    }

    /// <summary>
    /// Makes a queue in memory and in the catalogue's buffer; the caller flushes it. The queue takes records from the
    /// physical offset on that <paramref name="start"/> gives, once the selector knows it.
    /// </summary>
    public LightQueueStatus TryAdd(ReadOnlySpan<byte> name, Func<long> start, long firstOffset, out LightQueueId queue)
    {
        queue = default;
        if (name.IsEmpty || name.Length > CatalogueRecord.MaxName)
            return LightQueueStatus.Malformed;
        lock (_lock)
        {
            var hash = LightQueueNames.HashOf(name);
            queue = FindLocked(name, hash);
            if (!queue.IsNone)
                return LightQueueStatus.Done;
            if (_table.IsClosed)
                return LightQueueStatus.ReadOnly;
            if (_names.Count >= _maxQueues || _catalogue.Length > LastRecord)
                return LightQueueStatus.TooMany;
            if (_arena.IsNearlyFull)
                return LightQueueStatus.NoRoom;
            if (!_freeSlots.TryPop(out var slot))
            {
                slot = _slots;
                _table.Reserve(slot);
                Volatile.Write(ref _slots, slot + 1);
            }

            queue = new LightQueueId(slot, ++_incarnation);
            _selector?.OnCreated(queue, name);

            // A record that is written after this look at the end finds the queue; one before it is left out.
            lock (_table.LockOf(slot))
            {
                var record = new CatalogueRecord { Queue = queue, Start = start(), FirstOffset = firstOffset, Name = name };
                ref var state = ref _table.At(slot);
                state.Record = (uint)(_catalogue.Append(record) / 8);
                state.Hash = hash;
                state.Incarnation = queue.Incarnation;
                state.Empty(firstOffset, record.Start);
                _table.MarkDirty(ref state, slot);
            }

            _names.Add(slot, hash);
            return LightQueueStatus.Done;
        }
    }

    /// <summary>Takes a queue away; the caller flushes the catalogue, then calls <see cref="Reuse"/>.</summary>
    public bool TryRemove(LightQueueId queue)
    {
        lock (_lock)
        {
            if (_table.IsClosed || !_table.Exists(queue) || !TryReadRecord(queue.Slot, out var record))
                return false;
            _selector?.OnDeleted(queue, record.Name);
            _names.Remove(queue.Slot, _table.At(queue.Slot).Hash);
            _catalogue.Append(new CatalogueRecord { Queue = queue, IsDelete = true });
            lock (_table.LockOf(queue.Slot))
                _table.Remove(queue);
            return true;
        }
    }

    /// <summary>The slot of a deleted queue may be another's.</summary>
    public void Reuse(int slot)
    {
        lock (_lock)
            _freeSlots.Push(slot);
    }

    /// <summary>The queue at a slot; false when there is none.</summary>
    public bool TryDescribe(int slot, out LightQueueInfo info)
    {
        info = default;
        lock (_lock)
        {
            if (!_table.At(slot).Exists || !TryReadRecord(slot, out var record) || !_table.TryGetRange(record.Queue, out var min, out var max))
                return false;
            info = new LightQueueInfo(record.Queue, Encoding.UTF8.GetString(record.Name), min, max);
            return true;
        }
    }

    private LightQueueId FindLocked(ReadOnlySpan<byte> name, uint hash)
    {
        uint step = 0;
        while (_names.Next(hash, ref step) is > 0 and var slot)
        {
            if (TryReadRecord(slot, out var record) && record.Name.SequenceEqual(name))
                return record.Queue;
        }

        return default;
    }

    private bool TryReadRecord(int slot, out CatalogueRecord record) =>
        _catalogue.TryRead(_table.At(slot).Record * 8L, _scratch, out record);

    private void Take(in CatalogueRecord record, long position)
    {
        var slot = record.Queue.Slot;
        _incarnation = Math.Max(_incarnation, record.Queue.Incarnation);
        if (slot >= _slots)
        {
            if (slot >= MostSlots)
                throw new StoreUnusableException($"The catalogue of light queues has a record at {position} of slot {slot}, which cannot be. Restore the file 'lightqueues/catalogue' from a copy, or move its directory away to begin without light queues.");
            _slots = slot + 1;
            _table.Reserve(slot);
        }

        ref var state = ref _table.At(slot);
        if (state.Exists)
        {
            _liveBytes -= TryReadRecord(slot, out var old) ? old.Size : 0;
            _names.Remove(slot, state.Hash);
        }

        state = default;
        if (record.IsDelete)
            return;
        state.Record = (uint)(position / 8);
        state.Hash = LightQueueNames.HashOf(record.Name);
        state.Incarnation = record.Queue.Incarnation;
        state.Empty(record.FirstOffset, record.Start);
        _names.Add(slot, state.Hash);
        _liveBytes += record.Size;
    }

    private void TellSelector(in CatalogueRecord record, long position)
    {
        if (_table.At(record.Queue.Slot).Record == position / 8)
            _selector!.OnCreated(record.Queue, record.Name);
    }

    private IEnumerable<CatalogueRecordCopy> LiveRecords()
    {
        for (var slot = LightQueueHeads.FirstSlot; slot < _slots; slot++)
        {
            if (_table.At(slot).Exists && Copy(slot) is { } copy)
                yield return copy;
        }
    }

    private CatalogueRecordCopy? Copy(int slot) =>
        TryReadRecord(slot, out var record) ? new CatalogueRecordCopy(record.Queue, record.Start, record.FirstOffset, record.Name.ToArray()) : null;
}
