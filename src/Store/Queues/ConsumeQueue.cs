namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// One queue of a topic: where its messages are in the commit log, in their order. Thread-safe for readers; entries are
/// added by the dispatcher alone (and by recovery before it).
/// </summary>
public sealed class ConsumeQueue
{
    private readonly QueueTable _table;
    private readonly byte[] _topicUtf8;
    private long _min;
    private long _max;
    private long _minPhysical = -1;
    private long _written;
    private byte[]? _tail;
    private bool _isWaiting;

    internal ConsumeQueue(QueueTable table, string topic, byte[] topicUtf8, int queueId)
    {
        _table = table;
        Topic = topic;
        _topicUtf8 = topicUtf8;
        QueueId = queueId;
    }

    /// <summary>Topic.</summary>
    public string Topic { get; }

    /// <summary>Topic, UTF-8.</summary>
    public ReadOnlyMemory<byte> TopicUtf8 => _topicUtf8;

    /// <summary>As <see cref="TopicUtf8"/>, without the way through a memory.</summary>
    internal ReadOnlySpan<byte> TopicBytes => _topicUtf8;

    /// <summary>Queue in the topic.</summary>
    public int QueueId { get; }

    /// <summary>Offset of the first message that can be read.</summary>
    public long MinOffset => Volatile.Read(ref _min);

    /// <summary>Offset after the last message that can be read.</summary>
    public long MaxOffset => Volatile.Read(ref _max);

    /// <summary>Whether the latest record of each of its keys is kept: it begins later only with the log.</summary>
    internal bool IsCompacted { get; set; }

    /// <summary>Offset at which its first file begins; -1 without files.</summary>
    internal long FirstFile { get; set; } = -1;

    /// <summary>Offset that the next append gives. Belongs to the appender's lock.</summary>
    internal long NextOffset { get; set; }

    /// <summary>Offset after the last entry that is staged. Dispatcher only.</summary>
    internal long StagedEnd { get; private set; }

    /// <summary>True when the queue has no entry, not even a staged one. Dispatcher only.</summary>
    internal bool IsEmpty => _max == _min && StagedEnd == _max;

    /// <summary>
    /// Reads entries from <paramref name="offset"/> on, up to <see cref="MaxOffset"/>; returns how many. 0 at and beyond
    /// the end, and before <see cref="MinOffset"/>. Fillers (<see cref="QueueEntry.IsFiller"/>) are among them.
    /// </summary>
    public int ReadEntries(long offset, Span<QueueEntry> entries)
    {
        var read = ReadAsIs(offset, entries);
        for (var i = 0; i < read; i++)
        {
            if (ExtAddress.Is(entries[i].TagsCode))
                entries[i] = entries[i] with { TagsCode = Resolve(entries[i]) };
        }

        return read;
    }

    /// <summary>Reads one entry; false outside of the queue.</summary>
    public bool TryReadEntry(long offset, out QueueEntry entry)
    {
        Span<QueueEntry> one = stackalloc QueueEntry[1];
        var found = ReadEntries(offset, one) == 1;
        entry = one[0];
        return found;
    }

    /// <summary>Reads one entry with the address of its extension, if it has one.</summary>
    internal bool TryReadAsIs(long offset, out QueueEntry entry)
    {
        Span<QueueEntry> one = stackalloc QueueEntry[1];
        var found = ReadAsIs(offset, one) == 1;
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

            // What cannot be read says nothing of the time: the next one that can be does.
            var at = middle;
            var time = long.MinValue;
            while (at < high && (time = StoreTimestampAt(at)) == long.MinValue)
                at++;
            if (at < high && time < timestamp)
                low = at + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Sets the range that recovery found.</summary>
    internal void Restore(long min, long max)
    {
        _table.Ends += max - _max;
        _table.Files.Windows.Forget(this);
        _minPhysical = -1;
        Volatile.Write(ref _min, min);
        Volatile.Write(ref _max, max);
        _written = max;
        StagedEnd = max;
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
        lock (_table.Tails.GateOf(this))
        {
            var at = (int)(StagedEnd - _written) * QueueEntry.EncodedSize;
            _tail ??= _table.Tails.Rent(QueueEntry.EncodedSize);
            if (at + QueueEntry.EncodedSize > _tail.Length)
            {
                var larger = _table.Tails.Rent(at + QueueEntry.EncodedSize);
                _tail.AsSpan(0, at).CopyTo(larger);
                _table.Tails.Return(_tail);
                _tail = larger;
            }

            entry.Write(_tail.AsSpan(at));
            StagedEnd++;
        }
    }

    /// <summary>
    /// Lets readers see what is staged; writes it when it is much. May be called again after a failure: it writes the
    /// same bytes to the same place.
    /// </summary>
    internal void Commit()
    {
        lock (_table.Tails.GateOf(this))
        {
            if (StagedEnd - _written >= QueueTails.WriteAt && !_table.Tails.IsHeld)
                WriteOut(StagedEnd);
            _table.Ends += StagedEnd - _max;
            Volatile.Write(ref _max, StagedEnd);
            if (_written < _max && !_isWaiting)
            {
                _isWaiting = true;
                _table.Tails.Add(this);
            }
        }
    }

    /// <summary>Writes what is committed. After a failure it waits for the next turn.</summary>
    internal void WriteTail()
    {
        lock (_table.Tails.GateOf(this))
        {
            try
            {
                if (_written < _max)
                    WriteOut(_max);
                _isWaiting = false;
            }
            finally
            {
                if (_isWaiting)
                    _table.Tails.Add(this);
            }
        }
    }

    /// <summary>Reads an entry that is in memory alone, whatever <see cref="MinOffset"/> is.</summary>
    internal bool TryReadTail(long offset, out QueueEntry entry)
    {
        Span<QueueEntry> one = stackalloc QueueEntry[1];
        var found = offset >= Volatile.Read(ref _written) && offset < MaxOffset && ReadTail(offset, one) == 1;
        entry = one[0];
        return found;
    }

    private void WriteOut(long end)
    {
        var size = (int)(end - _written) * QueueEntry.EncodedSize;
        var rest = (int)(StagedEnd - end) * QueueEntry.EncodedSize;
        _table.Files.Write(this, _written, _tail.AsSpan(0, size));
        _tail.AsSpan(size, rest).CopyTo(_tail);
        Volatile.Write(ref _written, end);
        if (rest > 0)
            return;
        _table.Tails.Return(_tail!);
        _tail = null;
    }

    private int ReadFile(long offset, Span<QueueEntry> entries)
    {
        var written = Volatile.Read(ref _written);
        var count = (int)Math.Min(entries.Length, written - offset);
        return count <= 0 ? 0 : _table.Files.Windows.Read(this, offset, written, entries[..count]);
    }

    private int ReadTail(long offset, Span<QueueEntry> entries)
    {
        lock (_table.Tails.GateOf(this))
        {
            // Written in between: it is in the file now.
            if (offset < _written)
                return ReadFile(offset, entries);
            var count = (int)Math.Min(entries.Length, _max - offset);
            for (var i = 0; i < count; i++)
                entries[i] = QueueEntry.Read(_tail.AsSpan((int)(offset - _written + i) * QueueEntry.EncodedSize));
            return Math.Max(0, count);
        }
    }

    private int ReadAsIs(long offset, Span<QueueEntry> entries)
    {
        var max = MaxOffset;
        if (offset < MinOffset || offset >= max)
            return 0;
        var wanted = (int)Math.Min(entries.Length, max - offset);
        var done = 0;
        while (done < wanted)
        {
            var read = ReadFile(offset + done, entries[done..wanted]);
            if (read == 0)
                read = ReadTail(offset + done, entries[done..wanted]);
            if (read == 0)
                break;
            done += read;
        }

        return done;
    }

    /// <summary>The tag code behind an address; of an extension that was lost, from the record.</summary>
    private long Resolve(in QueueEntry entry)
    {
        if (_table.Files.Extension is { } extension && extension.TryRead(this, entry.TagsCode, out var tagsCode))
            return tagsCode;
        using var lease = _table.Log?.Read(entry.PhysicalOffset, entry.Size, long.MaxValue) ?? default;
        return lease.TryRead(out var record) ? _table.Tags.Of(record) : entry.TagsCode;
    }

    private long StoreTimestampAt(long offset)
    {
        if (!TryReadEntry(offset, out var entry) || entry.IsFiller)
            return long.MinValue;
        using var lease = _table.Log!.Read(entry.PhysicalOffset, entry.Size, long.MaxValue);
        return lease.TryRead(out var record) ? record.StoreTimestamp : long.MinValue;
    }
}
