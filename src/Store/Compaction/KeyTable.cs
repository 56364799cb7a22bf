namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// The queue offset of the latest record of each key, by the key's hash. A key takes a slot of 16 bytes and one to two
/// buckets of 4 bytes: 20 to 24 bytes of heap, whatever its text. The text stays in the records; who looks a key up
/// compares the records that the hash leads to.
/// <code>
///  bucket (hash modulo count) ─► slot: hash 4 | next slot 4 | queue offset and tombstone bit 8 ─► ...
/// </code>
/// Not thread-safe.
/// </summary>
internal sealed class KeyTable
{
    private const int ChunkBits = 11;
    private const int ChunkSlots = 1 << ChunkBits;
    private const long Unused = -1;

    private Slot[][] _chunks = [];
    private int[] _buckets = new int[16];
    private int _used;
    private int _free = -1;

    public KeyTable() => Array.Fill(_buckets, -1);

    /// <summary>Slots in use: keys and tombstones.</summary>
    public int Count { get; private set; }

    /// <summary>Slots in use whose record removes its key.</summary>
    public int Tombstones { get; private set; }

    /// <summary>Slots that are or were in use: slots are numbered from 0 to it.</summary>
    public int End => _used;

    /// <summary>Heap bytes of slots and buckets.</summary>
    public long HeapBytes => ((long)_chunks.Length * ChunkSlots * 16) + ((long)_buckets.Length * 4);

    /// <summary>The first slot of a hash after another one (-1 to begin); -1 when there is no more.</summary>
    public int Find(uint hash, int after = -1)
    {
        var slot = after < 0 ? _buckets[hash & (uint)(_buckets.Length - 1)] : At(after).Next;
        while (slot >= 0 && At(slot).Hash != hash)
            slot = At(slot).Next;
        return slot;
    }

    /// <summary>The slot of a hash whose record is at an offset; -1 when none is, so that record is not the latest of its key.</summary>
    public int Find(uint hash, long offset)
    {
        var slot = Find(hash);
        while (slot >= 0 && OffsetOf(slot) != offset)
            slot = Find(hash, slot);
        return slot;
    }

    public bool IsUsed(int slot) => At(slot).Value != Unused;

    /// <summary>Whether another slot has the hash of this one.</summary>
    public bool IsShared(int slot)
    {
        var first = Find(At(slot).Hash);
        return first != slot || Find(At(slot).Hash, first) >= 0;
    }

    public uint HashOf(int slot) => At(slot).Hash;

    public long OffsetOf(int slot) => At(slot).Value >> 1;

    public bool IsTombstone(int slot) => (At(slot).Value & 1) != 0;

    /// <summary>Has a key's slot point to another record.</summary>
    public void Set(int slot, long offset, bool tombstone)
    {
        Tombstones += (tombstone ? 1 : 0) - (IsTombstone(slot) ? 1 : 0);
        At(slot).Value = (offset << 1) | (tombstone ? 1L : 0);
    }

    /// <summary>Adds a slot for a key that has none.</summary>
    public void Add(uint hash, long offset, bool tombstone)
    {
        if (Count == _buckets.Length)
            Grow();
        var slot = Take();
        ref var bucket = ref _buckets[hash & (uint)(_buckets.Length - 1)];
        At(slot) = new Slot { Hash = hash, Next = bucket, Value = (offset << 1) | (tombstone ? 1L : 0) };
        bucket = slot;
        Count++;
        Tombstones += tombstone ? 1 : 0;
    }

    /// <summary>Forgets a key.</summary>
    public void Remove(int slot)
    {
        Tombstones -= IsTombstone(slot) ? 1 : 0;
        Count--;
        ref var link = ref _buckets[At(slot).Hash & (uint)(_buckets.Length - 1)];
        while (link != slot)
            link = ref At(link).Next;
        link = At(slot).Next;
        At(slot) = new Slot { Next = _free, Value = Unused };
        _free = slot;
    }

    private int Take()
    {
        if (_free >= 0)
        {
            var slot = _free;
            _free = At(slot).Next;
            return slot;
        }

        if (_used == _chunks.Length << ChunkBits)
            _chunks = [.. _chunks, new Slot[ChunkSlots]];
        return _used++;
    }

    private void Grow()
    {
        var buckets = new int[_buckets.Length * 2];
        Array.Fill(buckets, -1);
        for (var slot = 0; slot < _used; slot++)
        {
            if (!IsUsed(slot))
                continue;
            ref var bucket = ref buckets[At(slot).Hash & (uint)(buckets.Length - 1)];
            At(slot).Next = bucket;
            bucket = slot;
        }

        _buckets = buckets;
    }

    private ref Slot At(int slot) => ref _chunks[slot >> ChunkBits][slot & (ChunkSlots - 1)];

    private struct Slot
    {
        public uint Hash;
        public int Next;
        public long Value;
    }
}
