using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// One queue of a compacted topic: which record is the latest of each key, and the files with those whose segment of the
/// commit log is gone.
/// <code>
///  queue offsets:  0 ............ files' end ............ queue's end
///                  compacted files | commit log, by way of the consume queue
/// </code>
/// Thread-safe. The dispatcher adds; compaction replaces files; anybody reads.
/// </summary>
public sealed class CompactedQueue
{
    private const int Tries = 8;
    private const int Candidates = 16;

    private readonly CompactionContext _context;
    private readonly ConsumeQueue _queue;
    private KeyTable _table = new();
    private CompactedFiles _files = CompactedFiles.None;
    private long _generation;
    private bool _hasTwins;

    internal CompactedQueue(CompactionContext context, ConsumeQueue queue, string directory)
    {
        _context = context;
        _queue = queue;
        Directory = directory;
    }

    /// <summary>Queue in the topic.</summary>
    public int QueueId => _queue.QueueId;

    /// <summary>Keys that have a value.</summary>
    public long Keys
    {
        get
        {
            lock (Gate)
                return _table.Count - _table.Tombstones;
        }
    }

    /// <summary>Queue offset after the last one that compacted files stand for: behind it the consume queue is read.</summary>
    public long FilesEnd => Files.End;

    /// <summary>Queue offset of the first record that can be read.</summary>
    public long MinOffset => Files is { All.Length: > 0 } files ? Math.Min(files.FirstOffset, _queue.MaxOffset) : _queue.MinOffset;

    /// <summary><c>compaction/TOPIC/QUEUE</c>.</summary>
    internal string Directory { get; }

    /// <summary>Held while the table is read or changed; files are read under it only where nothing else waits.</summary>
    internal Lock Gate { get; } = new();

    internal ConsumeQueue Queue => _queue;

    internal KeyTable Table => _table;

    internal CompactedFiles Files => Volatile.Read(ref _files);

    /// <summary>Bytes of the latest records.</summary>
    internal long LiveBytes { get; private set; }

    /// <summary>Slots that point into files.</summary>
    internal long LiveInFiles { get; private set; }

    /// <summary>Changes of the table since the last snapshot.</summary>
    internal long Changes { get; set; }

    /// <summary>The snapshot that the table was read from, while the store opens: records after it are told again.</summary>
    internal KeySnapshotHeader? Snapshot { get; private set; }

    /// <summary>A snapshot that is there was not used, and must not be by a later start.</summary>
    internal bool HasUselessSnapshot { get; set; }

    internal bool HasTwins
    {
        get
        {
            lock (Gate)
                return _hasTwins;
        }
    }

    /// <summary>Everything before this queue offset is in the table.</summary>
    internal long Next { get; private set; }

    internal long HeapBytes
    {
        get
        {
            lock (Gate)
                return _table.HeapBytes;
        }
    }

    internal long Tombstones
    {
        get
        {
            lock (Gate)
                return _table.Tombstones;
        }
    }

    /// <summary>Leases the latest record of a key; false when there is none, or it removes the key.</summary>
    public bool TryGetLatest(ReadOnlySpan<byte> key, out RecordLease record)
    {
        var hash = _context.Hash.Of(key);
        Span<long> candidates = stackalloc long[Candidates];
        for (var i = 0; i < Tries; i++)
        {
            var count = Collect(hash, candidates);
            var again = count > Candidates;
            var found = candidates[..Math.Min(count, Candidates)];

            // Newest first: a record that could not be read once has a slot beside that of its key's next one.
            found.Sort(static (left, right) => right.CompareTo(left));
            foreach (var candidate in found)
            {
                record = ReadAt(candidate >> 1, checkContent: true, out var gone);
                if (HasKey(record, key))
                {
                    if ((candidate & 1) == 0)
                        return true;
                    record.Dispose();
                    record = default;
                    return false;
                }

                record.Dispose();
                again |= gone;
            }

            if (!again)
            {
                record = default;
                return false;
            }
        }

        return TryGetLatestHeld(hash, key, out record);
    }

    /// <summary>Whether a key has a value.</summary>
    public bool Contains(ReadOnlySpan<byte> key)
    {
        var found = TryGetLatest(key, out var record);
        record.Dispose();
        return found;
    }

    /// <summary>
    /// The records that compacted files hold at or behind a queue offset, in their order; 0 when there is none: then
    /// go on at <see cref="FilesEnd"/> in the consume queue. Overwritten records and tombstones may be among them.
    /// </summary>
    /// <exception cref="IOException">The file is damaged; the message says what to do.</exception>
    public int ReadCompacted(long offset, Span<CompactedRecord> records)
    {
        Span<CompactedEntry> entries = new CompactedEntry[Math.Min(records.Length, CompactedLayout.GroupRecords)];
        for (var i = 0; i < Tries; i++)
        {
            var count = Files.ReadFrom(offset, entries, out var file, out var gone);
            for (var j = 0; j < count; j++)
                records[j] = new CompactedRecord(file!, entries[j], _context.Options.CheckCrcOnRead);
            if (!gone)
                return count;
        }

        return 0;
    }

    /// <summary>
    /// Offset of the first record that can be read and was stored at or after a time (Unix milliseconds); the queue's end
    /// when there is none.
    /// </summary>
    public long OffsetByTime(long timestamp)
    {
        var first = new CompactedRecord[1];
        var low = 0L;
        var high = FilesEnd;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (ReadCompacted(middle, first) == 1 && first[0].StoreTimestamp < timestamp)
                low = first[0].QueueOffset + 1;
            else
                high = middle;
        }

        return ReadCompacted(low, first) == 1 && first[0].StoreTimestamp >= timestamp ? first[0].QueueOffset : _queue.OffsetByTime(timestamp);
    }

    /// <summary>Walks the latest records of all keys in the order of their queue offsets: reads those alone, not the history.</summary>
    /// <exception cref="IOException">The files cannot be read.</exception>
    public LatestRecords OpenLatest()
    {
        ResolveTwins();
        return new LatestRecords(this, LiveOffsets());
    }

    /// <summary>
    /// Leases the record at a queue offset; empty when there is none (any more), or it is damaged and
    /// <paramref name="checkContent"/> asks for that.
    /// </summary>
    internal RecordLease ReadAt(long offset, bool checkContent, out bool gone)
    {
        var files = Files;
        if (offset >= files.End)
        {
            var lease = _queue.TryReadEntry(offset, out var entry) ? _context.ReadEntry(_queue, offset, entry, checkContent) : default;
            gone = lease.IsEmpty && offset < Files.End;
            return lease;
        }

        var bytes = files.Read(offset, out gone);
        if (bytes is null && gone && files == Files)
        {
            _context.Metrics.Damaged();
            gone = false;
        }

        var copy = bytes is null ? default : new RecordLease(bytes);
        if (!checkContent || !_context.Options.CheckCrcOnRead || !copy.TryRead(out var record) || record.CrcMatches)
            return copy;
        _context.Metrics.Damaged();
        return default;
    }

    /// <summary>A record is dispatched. The dispatcher, recovery, and who builds the table.</summary>
    internal void Apply(uint hash, ReadOnlySpan<byte> key, long offset, int size, bool tombstone)
    {
        lock (Gate)
        {
            Next = Math.Max(Next, offset + 1);
            Changes++;
            var slot = Find(hash, key, out var before);
            if (slot < 0)
            {
                _table.Add(hash, offset, tombstone);
            }
            else if (_table.OffsetOf(slot) is var old && old < offset)
            {
                LiveInFiles -= old < _files.End ? 1 : 0;
                LiveBytes -= before;
                _table.Set(slot, offset, tombstone);
            }
            else
            {
                return;
            }

            LiveInFiles += offset < _files.End ? 1 : 0;
            LiveBytes += size;
        }
    }

    /// <summary>A record without a key, or one that has none in the queue: nothing before its end is missing.</summary>
    internal void Skip(long offset)
    {
        lock (Gate)
            Next = Math.Max(Next, offset + 1);
    }

    /// <summary>The number of the next file: never used before, not even by one that failed.</summary>
    internal long NextGeneration() => _generation = Math.Max(_generation, Files.Generation) + 1;

    /// <summary>Takes a table that was read from a snapshot.</summary>
    internal void Restore(CompactedFiles files, KeyTable table, in KeySnapshotHeader header)
    {
        Begin(files, table);
        Snapshot = header;
        Next = Math.Min(header.Next, Math.Max(files.End, _queue.MaxOffset));
        LiveBytes = header.LiveBytes;
        CountInFiles();
    }

    /// <summary>Begins with files and a table that has nothing yet.</summary>
    internal void Begin(CompactedFiles files, KeyTable table)
    {
        _files = files;
        _table = table;
        Next = files.End;
        LiveBytes = 0;
        LiveInFiles = 0;
        Changes = 0;
        Snapshot = null;
    }

    /// <summary>
    /// Has each key one slot again, after records could not be read while others of their keys were added. Who walks the
    /// table calls it first.
    /// </summary>
    /// <exception cref="IOException">They still cannot be read.</exception>
    internal void ResolveTwins()
    {
        lock (Gate)
        {
            if (!_hasTwins)
                return;
            for (var slot = 0; slot < _table.End; slot++)
            {
                if (_table.IsUsed(slot) && _table.IsShared(slot))
                    ResolveTwins(slot);
            }

            CountInFiles();
            _hasTwins = false;
        }
    }

    /// <summary>
    /// Has the consume queue go on where the files end, when its own files are lost and the log has nothing of it any
    /// more: offsets never begin again. While the store opens.
    /// </summary>
    internal void ExtendQueue(int fileEntries)
    {
        var end = _files.End;
        if (_queue.MaxOffset >= end)
            return;
        if (_queue.IsEmpty)
            _queue.Restore(end, end - (end % fileEntries));
        while (_queue.StagedEnd < end)
            _queue.Stage(QueueEntry.Filler);
        _queue.Commit();
        _queue.NextOffset = _queue.MaxOffset;
    }

    /// <summary>Replaces files, and forgets the tombstones that were left out.</summary>
    internal void Replace(CompactedFiles files, IReadOnlyList<CompactedEntry> forgotten)
    {
        lock (Gate)
        {
            foreach (var entry in forgotten)
            {
                var slot = _table.Find(entry.KeyHash, entry.QueueOffset);
                if (slot < 0)
                    continue;
                _table.Remove(slot);
                LiveBytes -= entry.Size;
            }

            Volatile.Write(ref _files, files);
            CountInFiles();
        }
    }

    private static bool HasKey(in RecordLease lease, ReadOnlySpan<byte> key) =>
        !lease.IsEmpty
        && lease.TryRead(out var record)
        && CompactionKey.TryGet(record.Properties, out var its)
        && its.SequenceEqual(key);

    /// <summary>Looks while nothing changes: for a hash with many records, or files that are replaced again and again.</summary>
    private bool TryGetLatestHeld(uint hash, ReadOnlySpan<byte> key, out RecordLease record)
    {
        record = default;
        lock (Gate)
        {
            var slot = Find(hash, key, out _);
            if (slot < 0 || _table.IsTombstone(slot))
                return false;
            record = ReadAt(_table.OffsetOf(slot), checkContent: true, out _);
            return !record.IsEmpty;
        }
    }

    /// <summary>Offsets (with the tombstone bit) that a hash leads to; more than fit when the result is larger.</summary>
    private int Collect(uint hash, Span<long> candidates)
    {
        var count = 0;
        lock (Gate)
        {
            for (var slot = _table.Find(hash); slot >= 0 && count <= candidates.Length; slot = _table.Find(hash, slot))
            {
                if (count < candidates.Length)
                    candidates[count] = (_table.OffsetOf(slot) << 1) | (_table.IsTombstone(slot) ? 1L : 0);
                count++;
            }
        }

        return count;
    }

    /// <summary>The slot of a key; a record that cannot be read is nobody's.</summary>
    private int Find(uint hash, ReadOnlySpan<byte> key, out int size)
    {
        size = 0;
        var found = -1;
        for (var slot = _table.Find(hash); slot >= 0; slot = _table.Find(hash, slot))
        {
            if (found >= 0 && _table.OffsetOf(slot) < _table.OffsetOf(found))
                continue;
            using var lease = TryReadAt(_table.OffsetOf(slot));
            if (!HasKey(lease, key))
                continue;
            size = lease.Memory.Length;
            found = slot;
        }

        return found;
    }

    private RecordLease TryReadAt(long offset)
    {
        try
        {
            return ReadAt(offset, checkContent: false, out _);
        }
        catch (IOException)
        {
            // Dispatch goes on: the key gets a second slot, and who walks the table clears that up first.
            _hasTwins = true;
            return default;
        }
    }

    private void ResolveTwins(int slot)
    {
        using var lease = ReadAt(_table.OffsetOf(slot), checkContent: false, out _);
        if (lease.IsEmpty || !lease.TryRead(out var record) || !CompactionKey.TryGet(record.Properties, out var key))
            return;
        var other = _table.Find(_table.HashOf(slot));
        while (other >= 0)
        {
            var next = _table.Find(_table.HashOf(slot), other);
            if (_table.OffsetOf(other) < _table.OffsetOf(slot))
            {
                using var older = ReadAt(_table.OffsetOf(other), checkContent: false, out _);
                if (HasKey(older, key))
                {
                    LiveBytes -= older.Memory.Length;
                    _table.Remove(other);
                }
            }

            other = next;
        }
    }

    private long[] LiveOffsets()
    {
        lock (Gate)
        {
            var offsets = new long[_table.Count - _table.Tombstones];
            var count = 0;
            for (var slot = 0; slot < _table.End; slot++)
            {
                if (_table.IsUsed(slot) && !_table.IsTombstone(slot))
                    offsets[count++] = _table.OffsetOf(slot);
            }

            Array.Sort(offsets);
            return offsets;
        }
    }

    private void CountInFiles()
    {
        LiveInFiles = 0;
        for (var slot = 0; slot < _table.End; slot++)
            LiveInFiles += _table.IsUsed(slot) && _table.OffsetOf(slot) < _files.End ? 1 : 0;
    }
}
