namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// Slots by the hash of their name, open addressing with a step of one: four to eight bytes a queue. The names are in the
/// catalogue; the caller compares. One thread at a time.
/// </summary>
internal sealed class LightQueueNames
{
    private const int Removed = -1;

    private readonly LightQueueTable _table;
    private int[] _slots = new int[64];
    private int _used;

    public LightQueueNames(LightQueueTable table) => _table = table;

    /// <summary>Queues.</summary>
    public int Count { get; private set; }

    /// <summary>A hash that no sender of names can foresee.</summary>
    public static uint HashOf(ReadOnlySpan<byte> name)
    {
        var hash = default(HashCode);
        hash.AddBytes(name);
        return (uint)hash.ToHashCode();
    }

    /// <summary>The next slot with this hash; begin with <paramref name="step"/> 0. 0 when there is none.</summary>
    public int Next(uint hash, ref uint step)
    {
        while (true)
        {
            var slot = _slots[(hash + step++) & (_slots.Length - 1)];
            if (slot == 0)
                return 0;
            if (slot != Removed && _table.At(slot).Hash == hash)
                return slot;
        }
    }

    public void Add(int slot, uint hash)
    {
        if ((_used + 1) * 4L > _slots.Length * 3L)
            Rehash();
        Put(slot, hash);
        Count++;
    }

    public void Remove(int slot, uint hash)
    {
        for (uint step = 0; ; step++)
        {
            ref var at = ref _slots[(hash + step) & (_slots.Length - 1)];
            if (at == 0)
                return;
            if (at != slot)
                continue;
            at = Removed;
            Count--;
            return;
        }
    }

    private void Rehash()
    {
        var old = _slots;
        _slots = new int[Count * 2 >= old.Length ? old.Length * 2 : old.Length];
        _used = 0;
        foreach (var slot in old)
        {
            if (slot > 0)
                Put(slot, _table.At(slot).Hash);
        }
    }

    private void Put(int slot, uint hash)
    {
        for (uint step = 0; ; step++)
        {
            ref var at = ref _slots[(hash + step) & (_slots.Length - 1)];
            if (at > 0)
                continue;
            if (at == 0)
                _used++;
            at = slot;
            return;
        }
    }
}
