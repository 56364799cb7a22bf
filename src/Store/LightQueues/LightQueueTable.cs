using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// The light queues in memory, by slot. A queue is changed and read under the lock of its stripe: by the dispatcher
/// (entries), by retention (trim), by those who make and delete queues, and by the flush that copies changed heads.
/// </summary>
internal sealed class LightQueueTable
{
    private const int ChunkSize = 4096;
    private const int Stripes = 64;
    private const int MostKept = 1024;

    private readonly LightQueueArena _arena;
    private readonly Lock[] _locks = new Lock[Stripes];
    private readonly List<int>[] _dirty = new List<int>[Stripes];
    private LightQueueState[][] _chunks = [];

    public LightQueueTable(LightQueueArena arena)
    {
        _arena = arena;
        for (var i = 0; i < Stripes; i++)
        {
            _locks[i] = new Lock();
            _dirty[i] = [];
        }
    }

    /// <summary>Slots there is room for.</summary>
    public int Capacity => Volatile.Read(ref _chunks).Length * ChunkSize;

    /// <summary>The store is closing: mapped memory goes away.</summary>
    public bool IsClosed { get; private set; }

    public Lock LockOf(int slot) => _locks[slot % Stripes];

    /// <summary>The state at a slot that there is room for. Under its lock, but for fields that never change.</summary>
    public ref LightQueueState At(int slot) => ref Volatile.Read(ref _chunks)[slot / ChunkSize][slot % ChunkSize];

    /// <summary>Makes room for a slot. One thread at a time.</summary>
    public void Reserve(int slot)
    {
        while (slot >= Capacity)
            Volatile.Write(ref _chunks, [.. _chunks, new LightQueueState[ChunkSize]]);
    }

    /// <summary>Whether there is such a queue. Under its lock.</summary>
    public bool Exists(LightQueueId queue)
    {
        if (queue.Slot < LightQueueHeads.FirstSlot || queue.Slot >= Capacity)
            return false;
        ref var state = ref At(queue.Slot);
        return state.Exists && state.Incarnation == queue.Incarnation;
    }

    /// <summary>Has the next flush write the head of a slot. Under its lock.</summary>
    public void MarkDirty(ref LightQueueState state, int slot)
    {
        if ((state.Flags & LightQueueFlags.Dirty) != 0)
            return;
        state.Flags |= LightQueueFlags.Dirty;
        _dirty[slot % Stripes].Add(slot);
    }

    /// <summary>
    /// Adds an entry, readable on return, and the queue to those that are <paramref name="told"/> of. Nothing happens when the queue is gone, or has the record, or begins behind it.
    /// </summary>
    /// <exception cref="Files.DiskFullException">No room for a file of blocks.</exception>
    public AppendOutcome Append(LightQueueId queue, in QueueEntry entry, List<LightQueueId>? told)
    {
        if (queue.Slot < LightQueueHeads.FirstSlot)
            return AppendOutcome.None;
        lock (LockOf(queue.Slot))
        {
            if (!Exists(queue))
                return AppendOutcome.None;
            ref var state = ref At(queue.Slot);
            if (state.Last == 0 ? entry.PhysicalOffset < state.Start : entry.PhysicalOffset <= LastPhysical(state))
                return AppendOutcome.None;
            if ((state.Last == 0 || state.Max % LightQueueBlock.Entries == 0) && !TryAddBlock(ref state, queue))
                return AppendOutcome.Full;
            entry.Write(LightQueueBlock.EntryAt(_arena.Block(state.Last), state.Max));
            _arena.Touch(state.Last);
            state.Max++;
            MarkDirty(ref state, queue.Slot);
            if (told is not null && (state.Flags & LightQueueFlags.Told) == 0)
            {
                state.Flags |= LightQueueFlags.Told;
                told.Add(queue);
            }

            return AppendOutcome.Added;
        }
    }

    /// <summary>The listeners were told.</summary>
    public void ClearTold(int slot)
    {
        lock (LockOf(slot))
            At(slot).Flags &= ~LightQueueFlags.Told;
    }

    /// <summary>Offsets of the first entry and after the last one; false when there is no such queue.</summary>
    public bool TryGetRange(LightQueueId queue, out long min, out long max)
    {
        min = max = 0;
        if (queue.Slot < LightQueueHeads.FirstSlot)
            return false;
        lock (LockOf(queue.Slot))
        {
            if (!Exists(queue))
                return false;
            ref var state = ref At(queue.Slot);
            min = state.Min;
            max = state.Max;
            return true;
        }
    }

    /// <summary>Reads entries; the hint is the block where the last read ended, 0 for none.</summary>
    public int Read(LightQueueId queue, long offset, Span<QueueEntry> entries, ref int hint)
    {
        if (queue.Slot < LightQueueHeads.FirstSlot)
            return 0;
        lock (LockOf(queue.Slot))
        {
            if (IsClosed || !Exists(queue))
                return 0;
            ref var state = ref At(queue.Slot);
            if (offset < state.Min || offset >= state.Max || state.Last == 0)
                return 0;
            var count = (int)Math.Min(entries.Length, state.Max - offset);
            var block = Find(state, queue, LightQueueBlock.BaseOf(offset), hint);
            for (var i = 0; i < count; i++)
            {
                if (i > 0 && (offset + i) % LightQueueBlock.Entries == 0)
                    block = Step(queue, LightQueueBlock.Next(_arena.Block(block)), offset + i);
                entries[i] = QueueEntry.Read(LightQueueBlock.EntryAt(_arena.Block(block), offset + i));
            }

            hint = block;
            return count;
        }
    }

    /// <summary>Drops entries of records before a physical offset; gives how many. The last block stays: it knows the last record.</summary>
    public long Trim(int slot, long minPhysical)
    {
        lock (LockOf(slot))
        {
            ref var state = ref At(slot);
            if (!state.Exists || state.Last == 0)
                return 0;
            var before = state.Min;
            var min = before;
            while (min < state.Max)
            {
                var block = _arena.Block(state.First);
                var end = Math.Min(state.Max, LightQueueBlock.BaseOf(min) + LightQueueBlock.Entries);
                while (min < end && QueueEntry.Read(LightQueueBlock.EntryAt(block, min)).PhysicalOffset < minPhysical)
                    min++;
                if (min < end || state.First == state.Last || !TryDropFirst(ref state, slot, min))
                    break;
            }

            if (min == before)
                return 0;
            state.SetMin(min);
            MarkDirty(ref state, slot);
            return min - before;
        }
    }

    /// <summary>
    /// Takes entries off the end whose records the log does not have, and has a queue that begins behind the log begin at
    /// its end; true when there was something to do.
    /// </summary>
    public bool CutOff(int slot, long endPhysical)
    {
        lock (LockOf(slot))
        {
            ref var state = ref At(slot);
            if (!state.Exists || (state.Last == 0 ? state.Start : LastPhysical(state) + 1) <= endPhysical)
                return false;
            if (state.Last == 0)
                state.Empty(state.Max, endPhysical);
            while (state.Last != 0 && LastPhysical(state) >= endPhysical)
            {
                state.Max--;
                if (state.Max < state.Min)
                    state.SetMin(state.Max);
                if (state.Max % LightQueueBlock.Entries != 0)
                    continue;
                _arena.Release(state.Last);
                if (state.Last == state.First)
                    state.Empty(state.Max, endPhysical);
                else
                    state.Last = LightQueueBlock.Previous(_arena.Block(state.Last));
            }

            MarkDirty(ref state, slot);
            return true;
        }
    }

    /// <summary>Lets all blocks of a queue go and forgets it. Under its lock.</summary>
    public void Remove(LightQueueId queue)
    {
        ref var state = ref At(queue.Slot);
        while (state.First != 0 && state.First != state.Last && TryDropFirst(ref state, queue.Slot, LightQueueBlock.BaseOf(state.Min) + LightQueueBlock.Entries))
        {
        }

        if (state.Last != 0)
            _arena.Release(state.Last);
        var isListed = state.Flags & LightQueueFlags.Dirty;
        state = default;
        state.Flags = isListed;
        MarkDirty(ref state, queue.Slot);
    }

    /// <summary>
    /// Copies the heads that changed, after taking what is beyond the limit of a queue off its front. That goes no further
    /// than the entries that the disk's head knows: what recovery cuts off is never more than what is there.
    /// </summary>
    public long TakeDirty(List<(int Slot, LightQueueHead Head)> heads, LightQueueHeads onDisk, long limit)
    {
        long dropped = 0;
        for (var stripe = 0; stripe < Stripes; stripe++)
        {
            lock (_locks[stripe])
            {
                var list = _dirty[stripe];
                var kept = 0;
                for (var i = 0; i < list.Count; i++)
                {
                    var slot = list[i];
                    ref var state = ref At(slot);
                    if (state.Max - state.Min > limit && onDisk.TryRead(slot, out var old) && old.Incarnation == state.Incarnation)
                        dropped += DropTo(ref state, slot, Math.Min(old.Max, state.Max - limit));

                    // What the disk's head did not know of yet goes with the next flush.
                    if (state.Max - state.Min > limit)
                        list[kept++] = slot;
                    else
                        state.Flags &= ~LightQueueFlags.Dirty;
                    heads.Add((slot, new LightQueueHead(state.First, state.Last, state.Incarnation, state.Last == 0 ? state.Start : state.Min, state.Max)));
                }

                list.RemoveRange(kept, list.Count - kept);
                if (kept == 0 && list.Capacity > MostKept)
                    list.Capacity = 0;
            }
        }

        return dropped;
    }

    /// <summary>Their flush failed.</summary>
    public void MarkDirty(List<(int Slot, LightQueueHead Head)> heads)
    {
        foreach (var (slot, _) in heads)
        {
            lock (LockOf(slot))
                MarkDirty(ref At(slot), slot);
        }
    }

    /// <summary>Reads find nothing from now on; those in hand are done.</summary>
    public void Close()
    {
        IsClosed = true;
        foreach (var stripe in _locks)
        {
            lock (stripe)
            {
            }
        }
    }

    private bool TryAddBlock(ref LightQueueState state, LightQueueId queue)
    {
        var block = _arena.Take();
        if (block == 0)
            return false;
        LightQueueBlock.Begin(_arena.Block(block), queue, LightQueueBlock.BaseOf(state.Max), state.Last);
        _arena.Touch(block);
        if (state.Last != 0)
        {
            LightQueueBlock.SetNext(_arena.Block(state.Last), block);
            _arena.Touch(state.Last);
        }
        else
        {
            state.First = block;
            state.SetMin(state.Max);
        }

        state.Last = block;
        return true;
    }

    private long DropTo(ref LightQueueState state, int slot, long min)
    {
        var before = state.Min;
        if (min <= before)
            return 0;
        while (state.First != state.Last && LightQueueBlock.BaseOf(state.Min) + LightQueueBlock.Entries <= min
            && TryDropFirst(ref state, slot, LightQueueBlock.BaseOf(state.Min) + LightQueueBlock.Entries))
        {
        }

        if (LightQueueBlock.BaseOf(state.Min) == LightQueueBlock.BaseOf(min) || state.First == state.Last)
            state.SetMin(min);
        return state.Min - before;
    }

    /// <summary>Lets the first block go; false when what it leads to is not its successor, so nothing more may be let go.</summary>
    private bool TryDropFirst(ref LightQueueState state, int slot, long nextBase)
    {
        var next = LightQueueBlock.Next(_arena.Block(state.First));
        if (!_arena.Has(next) || !LightQueueBlock.Is(_arena.Block(next), new LightQueueId(slot, state.Incarnation), nextBase))
            return false;
        _arena.Release(state.First);
        state.First = next;
        state.SetMin(nextBase);
        return true;
    }

    /// <summary>Physical offset of the record of its last entry, -1 when it has none.</summary>
    private long LastPhysical(in LightQueueState state)
    {
        var block = _arena.Block(state.Last);
        if (state.Max == 0 || state.Max - 1 < LightQueueBlock.Base(block))
            return -1;
        var entry = QueueEntry.Read(LightQueueBlock.EntryAt(block, state.Max - 1));
        return entry.Size == 0 ? -1 : entry.PhysicalOffset;
    }

    private int Find(in LightQueueState state, LightQueueId queue, long baseOffset, int hint)
    {
        if (_arena.Has(hint) && LightQueueBlock.Is(_arena.Block(hint), queue, baseOffset))
            return hint;
        if (_arena.Has(hint) && LightQueueBlock.Is(_arena.Block(hint), queue, baseOffset - LightQueueBlock.Entries) && baseOffset > state.FirstBase)
            return Step(queue, LightQueueBlock.Next(_arena.Block(hint)), baseOffset);
        if (baseOffset - state.FirstBase < state.LastBase - baseOffset)
        {
            var block = Step(queue, state.First, state.FirstBase);
            for (var at = state.FirstBase; at < baseOffset; at += LightQueueBlock.Entries)
                block = Step(queue, LightQueueBlock.Next(_arena.Block(block)), at + LightQueueBlock.Entries);
            return block;
        }

        var last = Step(queue, state.Last, state.LastBase);
        for (var at = state.LastBase; at > baseOffset; at -= LightQueueBlock.Entries)
            last = Step(queue, LightQueueBlock.Previous(_arena.Block(last)), at - LightQueueBlock.Entries);
        return last;
    }

    /// <summary>Goes to a block after a look at whether it is the one.</summary>
    private int Step(LightQueueId queue, int block, long baseOffset)
    {
        if (_arena.Has(block) && LightQueueBlock.Is(_arena.Block(block), queue, baseOffset))
            return block;
        throw new IOException($"The block of light queue {queue.Slot} at offset {baseOffset} is damaged. Open the store with Rebuild to make the light queues again from the log.");
    }
}

/// <summary>What became of an entry.</summary>
internal enum AppendOutcome
{
    /// <summary>There is nothing to do.</summary>
    None,

    /// <summary>It is there.</summary>
    Added,

    /// <summary>No block is free.</summary>
    Full,
}
