using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// Gives light queues their entries, and brings them to the disk.
/// <code>
///  Flush:  copy changed heads ─► blocks, catalogue ─► meta ─► heads ─► released blocks serve again
/// </code>
/// A head on the disk leads to nothing that is not there, whichever pages a power cut keeps, so it is right for every
/// record before its last entry. Records that come again after a crash and are not behind that entry are left out.
/// </summary>
internal sealed class LightQueueProjection : ILogProjection
{
    private const int MostStaged = 1 << 16;
    private const int LeastToSweep = 1024;

    /// <summary>One has the disk's heads know the ends of the queues, one takes off what is beyond their limit, one gives that back.</summary>
    private const int FlushesForRoom = 3;

    private readonly LightQueueTable _table;
    private readonly LightQueueArena _arena;
    private readonly LightQueueHeads _heads;
    private readonly LightQueueCatalogue _catalogue;
    private readonly LightQueueRegistry _registry;
    private readonly LightQueueMetrics _metrics;
    private readonly ILightQueueSelector? _selector;
    private readonly StoreOptions _options;
    private readonly LightQueueTargets _targets = new();
    private readonly List<Staged> _staged = [];
    private readonly List<(int Slot, LightQueueHead Head)> _changed = [];
    private readonly List<Repair> _repairs = [];
    private readonly Lock _flushLock = new();
    private int _next;
    private long _stagedEnd;
    private long _upper;
    private long _lower;
    private long _flushedLower;
    private long _highestStart;

    public LightQueueProjection(LightQueueTable table, LightQueueArena arena, LightQueueHeads heads, LightQueueCatalogue catalogue, LightQueueRegistry registry, LightQueueMetrics metrics, ILightQueueSelector? selector, StoreOptions options)
    {
        _table = table;
        _arena = arena;
        _heads = heads;
        _catalogue = catalogue;
        _registry = registry;
        _metrics = metrics;
        _selector = selector;
        _options = options;
    }

    public IReadOnlyList<Repair> Repairs => _repairs;

    /// <summary>Many entries are staged: the batch should end.</summary>
    public bool WantsCommit => _staged.Count >= MostStaged;

    /// <summary>Queues that got entries since the listeners were told; null while there are no listeners.</summary>
    public List<LightQueueId>? Told { get; set; }

    public long Load(in ProjectionStart start)
    {
        if (!_catalogue.Exists)
            return start.Offset;
        var hasMeta = _heads.TryReadMeta(start.IsClean, out var meta);
        if (!hasMeta)
            _catalogue.BeginAnewWhenUnmade();
        _registry.Load();
        if (hasMeta && meta.CatalogueGeneration == _catalogue.Generation && meta.CatalogueLength > _catalogue.Length)
            throw new StoreUnusableException($"The catalogue of light queues ends at byte {_catalogue.Length} and was {meta.CatalogueLength} bytes long. Restore the file 'lightqueues/catalogue' from a copy, or move its directory away to begin without light queues.");
        _catalogue.CutTail();
        _registry.Begin();
        if (!start.IsClean)
            _catalogue.Rewrite(hasMeta && meta.CatalogueGeneration == _catalogue.Generation ? meta.CatalogueLength : 0);
        _heads.Load(_registry.Slots, start.IsClean);
        var known = hasMeta && meta.FileSize >= 4096 && meta.FileSize % 4096 == 0;
        if (known)
            _arena.UseFileSize(meta.FileSize);
        known = known && !start.Rebuild && _arena.TryLoad(meta.Blocks, start.IsClean);
        if (!known)
            _arena.Reset();
        var offset = Restore(start, known, meta.Blocks);
        _upper = meta.Upper;
        _lower = _flushedLower = known ? meta.Lower : 0;
        if (known)
            Sweep();
        return start.IsOwn || _registry.Count == 0 ? offset : Math.Min(offset, _flushedLower);
    }

    public void Stage(in MessageRecord record)
    {
        _stagedEnd = record.PhysicalOffset + record.Size;
        if (!record.TakesQueueOffset)
            return;
        _targets.Clear();
        if (_registry.Slots > LightQueueHeads.FirstSlot)
            _selector?.Select(record, _targets);
        if (_options.MultiDispatch && MultiDispatch.TryGetNames(record, out var names))
            AddNamed(record, names);
        if (_targets.Count == 0)
            return;
        var entry = new QueueEntry(record.PhysicalOffset, record.Size, TagHash.Of(record.Tags));
        foreach (var queue in _targets.Queues)
            _staged.Add(new Staged(queue, entry));
    }

    public void Commit()
    {
        Volatile.Write(ref _upper, Math.Max(_upper, _stagedEnd));
        _catalogue.Write();
        var told = Told;
        var first = _next;
        var flushes = 0;
        while (_next < _staged.Count)
        {
            var staged = _staged[_next];
            if (_table.Append(staged.Queue, staged.Entry, told) == AppendOutcome.Full)
            {
                // A flush has what was let go serve again, and lets go what is beyond the limit of a queue: no checkpoint does
                // it while dispatch stands still. When that gives nothing, dispatch waits as for a full disk.
                if (flushes++ >= FlushesForRoom && !_arena.HasReleased)
                    throw new DiskFullException("lightqueues: MaxLightQueueBytes");
                Flush();
                continue;
            }

            flushes = 0;
            _next++;
        }

        _metrics.Added(_next - first);
        _staged.Clear();
        _next = 0;
        Volatile.Write(ref _lower, _stagedEnd);
    }

    public void EndRecovery(long end)
    {
        _arena.EndRecovery();
        var cut = 0;
        if (Math.Max(_upper, _highestStart) > end)
        {
            for (var slot = LightQueueHeads.FirstSlot; slot < _registry.Slots; slot++)
                cut += _table.CutOff(slot, end) ? 1 : 0;
        }

        // Until the cut heads are on the disk, it has some that know of more.
        if (cut > 0)
            Flush();
        _upper = _lower = _stagedEnd = end;
        if (cut == 0)
            return;
        _repairs.Add(new Repair("LightQueueAheadOfLog", "The machine stopped with light queues on disk that know of more log than is there.", $"Took {cut} light queue(s) back to the end of the log at {end}."));
    }

    public void Flush()
    {
        lock (_flushLock)
        {
            var released = _arena.TakeReleased();
            var lower = Volatile.Read(ref _lower);
            _changed.Clear();
            _metrics.Dropped(_table.TakeDirty(_changed, _heads, _options.MaxLightQueueEntries));
            if (_changed.Count == 0 && released.Count == 0 && _catalogue.IsFlushed)
                return;
            try
            {
                _arena.Flush();
                var length = _catalogue.Length;
                _catalogue.FlushTo(length);
                _heads.Write(new LightQueueMeta(Volatile.Read(ref _upper), _flushedLower, _arena.Taken, _arena.FileSize, _catalogue.Generation, length));
                foreach (var (slot, head) in _changed)
                {
                    _heads.Reserve(slot);
                    _heads.Write(slot, head);
                }

                _heads.Flush();
            }
            catch
            {
                _table.MarkDirty(_changed);
                _arena.ReleaseAgain(released);
                throw;
            }

            _flushedLower = lower;
            _arena.GiveBack(released);
            _changed.Clear();
            if (_changed.Capacity > MostStaged)
                _changed.Capacity = 0;
        }
    }

    public void Trim(long minOffset)
    {
        if (_registry.Slots == LightQueueHeads.FirstSlot)
            return;

        // The heads on the disk know all that is about to go: the next offset of a queue does not depend on it.
        Flush();
        for (var slot = LightQueueHeads.FirstSlot; slot < _registry.Slots; slot++)
            _table.Trim(slot, minOffset);
    }

    public void Dispose()
    {
        _table.Close();
        lock (_flushLock)
        {
            _metrics.Dispose();
            _arena.Dispose();
            _heads.Dispose();
            _catalogue.Dispose();
        }
    }

    /// <summary>Queues that do not exist are made: the record comes again after a crash, and they with it.</summary>
    private void AddNamed(in MessageRecord record, ReadOnlySpan<byte> names)
    {
        var position = record.PhysicalOffset;
        for (var i = 0; MultiDispatch.TryCut(ref names, out var name); i++)
        {
            if (name.IsEmpty)
                continue;
            var queue = _registry.Find(name);
            var status = LightQueueStatus.Done;
            if (queue.IsNone)
                status = _registry.TryAdd(name, () => position, MultiDispatch.OffsetAt(record, i), out queue);
            if (status == LightQueueStatus.Done)
                _targets.Add(queue);
            else
                _metrics.Refused(status);
        }
    }

    /// <summary>Takes the heads of the disk over; gives the offset from which records are needed for those that have none.</summary>
    private long Restore(in ProjectionStart start, bool isKnown, int blocks)
    {
        var offset = start.Offset;
        var lost = 0;
        for (var slot = LightQueueHeads.FirstSlot; slot < _registry.Slots; slot++)
        {
            ref var state = ref _table.At(slot);
            if (!state.Exists)
                continue;
            var hasHead = _heads.TryRead(slot, out var head) && head.Incarnation == state.Incarnation;
            if (isKnown && hasHead && head.First < blocks && head.Last < blocks && head.First == 0 == (head.Last == 0))
            {
                state.First = head.First;
                state.Last = head.Last;
                state.Max = head.Max;
                state.SetMin(head.MinOrStart);
                NoteStart(state);
                continue;
            }

            // Built again: what the queue had let go of keeps its offsets.
            if (hasHead)
                state.Empty(head.Last == 0 ? head.Max : head.MinOrStart, state.Start);
            NoteStart(state);
            _table.MarkDirty(ref state, slot);
            if (start.Rebuild || state.Start >= start.Offset)
                continue;
            lost++;
            offset = Math.Min(offset, state.Start);
        }

        if (lost > 0)
            _repairs.Add(new Repair("LostLightQueue", "No crash: the head or the blocks of a light queue are missing or damaged.", $"Made {lost} light queue(s) again from offset {Math.Max(offset, start.LogStart)} of the log on."));
        return Math.Max(offset, Math.Min(start.Offset, start.LogStart));
    }

    private void NoteStart(in LightQueueState state)
    {
        if (state.Last == 0)
            _highestStart = Math.Max(_highestStart, state.Start);
    }

    /// <summary>Finds the free blocks by their headers, when heads know of much less than was ever taken.</summary>
    private void Sweep()
    {
        long used = 0;
        for (var slot = LightQueueHeads.FirstSlot; slot < _registry.Slots; slot++)
        {
            ref var state = ref _table.At(slot);
            used += state.Exists ? state.Blocks : 0;
        }

        var unused = _arena.Taken - 1 - used;
        if (unused <= (_arena.IsHalfTaken ? 0 : Math.Max(LeastToSweep, _arena.Taken / 4)))
            return;
        var free = new List<int>();
        for (var block = 1; block < _arena.Taken; block++)
        {
            var owner = LightQueueBlock.Owner(_arena.Block(block));
            var at = LightQueueBlock.Base(_arena.Block(block));
            if (!_table.Exists(owner) || _table.At(owner.Slot) is not { Last: not 0 } state || at < state.FirstBase || at > state.LastBase)
                free.Add(block);
        }

        _arena.GiveBack(free);
    }

    private readonly record struct Staged(LightQueueId Queue, QueueEntry Entry);
}
