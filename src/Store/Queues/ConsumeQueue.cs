using System.Buffers;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// One queue of a topic: where its messages are in the commit log, in their order. Thread-safe for readers; entries are
/// added by the dispatcher alone (and by recovery before it).
/// </summary>
public sealed class ConsumeQueue
{
    private const int ChunkEntries = 64;

    private readonly QueueTable _table;
    private long _min;
    private long _max;
    private long _minPhysical = -1;
    private byte[]? _staged;
    private int _stagedLength;

    internal ConsumeQueue(QueueTable table, string topic, byte[] topicUtf8, int queueId)
    {
        _table = table;
        Topic = topic;
        TopicUtf8 = topicUtf8;
        QueueId = queueId;
    }

    /// <summary>Topic.</summary>
    public string Topic { get; }

    /// <summary>Topic, UTF-8.</summary>
    public ReadOnlyMemory<byte> TopicUtf8 { get; }

    /// <summary>Queue in the topic.</summary>
    public int QueueId { get; }

    /// <summary>Offset of the first message that can be read.</summary>
    public long MinOffset => Volatile.Read(ref _min);

    /// <summary>Offset after the last message that can be read.</summary>
    public long MaxOffset => Volatile.Read(ref _max);

    /// <summary>Offset that the next append gives. Belongs to the appender's lock.</summary>
    internal long NextOffset { get; set; }

    /// <summary>Offset after the last entry that is staged. Dispatcher only.</summary>
    internal long StagedEnd => _max + (_stagedLength / QueueEntry.EncodedSize);

    /// <summary>True when the queue has no entry, not even a staged one. Dispatcher only.</summary>
    internal bool IsEmpty => _max == _min && _stagedLength == 0;

    /// <summary>
    /// Reads entries from <paramref name="offset"/> on, up to <see cref="MaxOffset"/>; returns how many. 0 at and beyond
    /// the end, and before <see cref="MinOffset"/>. Fillers (<see cref="QueueEntry.IsFiller"/>) are among them.
    /// </summary>
    public int ReadEntries(long offset, Span<QueueEntry> entries)
    {
        var max = MaxOffset;
        if (offset < MinOffset || offset >= max)
            return 0;
        var wanted = (int)Math.Min(entries.Length, max - offset);
        var done = 0;
        Span<byte> chunk = stackalloc byte[ChunkEntries * QueueEntry.EncodedSize];
        while (done < wanted)
        {
            var count = Math.Min(wanted - done, ChunkEntries);
            var read = _table.Files.Read(this, offset + done, chunk[..(count * QueueEntry.EncodedSize)]) / QueueEntry.EncodedSize;
            for (var i = 0; i < read; i++)
                entries[done + i] = QueueEntry.Read(chunk[(i * QueueEntry.EncodedSize)..]);
            done += read;
            if (read == 0)
                break;
        }

        return done;
    }

    /// <summary>Reads one entry; false outside of the queue.</summary>
    public bool TryReadEntry(long offset, out QueueEntry entry)
    {
        Span<QueueEntry> one = stackalloc QueueEntry[1];
        var found = ReadEntries(offset, one) == 1;
        entry = one[0];
        return found;
    }

    /// <summary>Offset of the first message stored at or after a time (Unix milliseconds); <see cref="MaxOffset"/> when there is none.</summary>
    public long OffsetByTime(long timestamp)
    {
        var low = MinOffset;
        var high = MaxOffset;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (StoreTimestampAt(middle) < timestamp)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Sets the range that recovery found.</summary>
    internal void Restore(long min, long max)
    {
        _table.Ends += max - _max;
        _minPhysical = -1;
        Volatile.Write(ref _min, min);
        Volatile.Write(ref _max, max);
    }

    /// <summary>
    /// Entries whose records are before a physical offset are not served any more; false when there was none. Retention's
    /// thread only.
    /// </summary>
    internal bool TrimTo(long physicalOffset)
    {
        var min = MinOffset;
        var max = MaxOffset;
        if (min == max || _minPhysical >= physicalOffset)
            return false;
        var first = QueueSearch.FirstAtOrAfter(_table.Files, this, min, max, physicalOffset);
        _minPhysical = first < max && TryReadEntry(first, out var entry) ? entry.PhysicalOffset : -1;
        Volatile.Write(ref _min, first);
        return first > min;
    }

    /// <summary>Entries before an offset are not served any more. Retention's thread only.</summary>
    internal void AdvanceMin(long offset)
    {
        if (offset <= MinOffset)
            return;
        _minPhysical = -1;
        Volatile.Write(ref _min, Math.Min(offset, MaxOffset));
    }

    /// <summary>Physical offset of the first message stored at or after a time; <see cref="long.MaxValue"/> without one.</summary>
    internal long PhysicalByTime(long timestamp)
    {
        for (var offset = OffsetByTime(timestamp); TryReadEntry(offset, out var entry); offset++)
        {
            if (!entry.IsFiller)
                return entry.PhysicalOffset;
        }

        return long.MaxValue;
    }

    /// <summary>Whether the first message was stored before a time.</summary>
    internal bool BeginsBefore(long timestamp) => MinOffset < MaxOffset && StoreTimestampAt(MinOffset) < timestamp;

    /// <summary>Keeps an entry for <see cref="Commit"/>; it follows the one before.</summary>
    internal void Stage(in QueueEntry entry)
    {
        _staged ??= ArrayPool<byte>.Shared.Rent(ChunkEntries * QueueEntry.EncodedSize);
        if (_stagedLength + QueueEntry.EncodedSize > _staged.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_staged.Length * 2);
            _staged.AsSpan(0, _stagedLength).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_staged);
            _staged = larger;
        }

        entry.Write(_staged.AsSpan(_stagedLength));
        _stagedLength += QueueEntry.EncodedSize;
    }

    /// <summary>
    /// Writes what is staged and lets readers see it. May be called again after a failure: it writes the same bytes to
    /// the same place.
    /// </summary>
    internal void Commit()
    {
        if (_stagedLength == 0)
            return;
        _table.Files.Write(this, _max, _staged.AsSpan(0, _stagedLength));
        var end = StagedEnd;
        _stagedLength = 0;
        _table.Ends += end - _max;
        Volatile.Write(ref _max, end);
        ArrayPool<byte>.Shared.Return(_staged!);
        _staged = null;
    }

    private long StoreTimestampAt(long offset)
    {
        if (!TryReadEntry(offset, out var entry) || entry.IsFiller)
            return long.MinValue;
        using var lease = _table.Log!.Read(entry.PhysicalOffset, entry.Size, long.MaxValue);
        return lease.TryRead(out var record) ? record.StoreTimestamp : long.MinValue;
    }
}
