using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// The segments of the commit log, and how far it is written. One writer (<see cref="LogAppender"/>), any readers.
/// </summary>
internal sealed class CommitLog
{
    private readonly Lock _change = new();
    private LogSegment[] _segments;
    private long _written;
    private long _min;

    public CommitLog(int segmentSize, LogSegment[] segments, long end)
    {
        SegmentSize = segmentSize;
        _segments = segments;
        _written = end;
        _min = segments.Length == 0 ? end : segments[0].BaseOffset;
    }

    public int SegmentSize { get; }

    /// <summary>Physical offset of the first record that is served; the beginning of a segment.</summary>
    public long MinOffset => Volatile.Read(ref _min);

    /// <summary>The segments as of now, ascending. The last one is written to, or the next append follows it.</summary>
    public IReadOnlyList<LogSegment> Segments => Volatile.Read(ref _segments);

    /// <summary>Physical offset after the last byte written.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>The segment that is written to; null when the next append makes one.</summary>
    public LogSegment? Active
    {
        get
        {
            var segments = _segments;
            return segments.Length > 0 && segments[^1].EndOffset > _written ? segments[^1] : null;
        }
    }

    /// <summary>Adds the next segment. Writer only.</summary>
    public void Add(LogSegment segment)
    {
        lock (_change)
            Volatile.Write(ref _segments, [.. _segments, segment]);
    }

    /// <summary>Publishes what was written. Writer only.</summary>
    public void Publish(long end) => Volatile.Write(ref _written, end);

    /// <summary>The segment that holds an offset; null outside of the log.</summary>
    public LogSegment? Find(long offset)
    {
        var segments = Volatile.Read(ref _segments);
        if (segments.Length == 0 || offset < segments[0].BaseOffset || offset < MinOffset)
            return null;
        var index = (offset - segments[0].BaseOffset) / SegmentSize;
        return index < segments.Length ? segments[index] : null;
    }

    /// <summary>Nothing before an offset is found any more. The beginning of a segment that is not the first.</summary>
    public void AdvanceMin(long offset) => Volatile.Write(ref _min, Math.Max(offset, _min));

    /// <summary>Takes the segments before <see cref="MinOffset"/> out of the log; they are the caller's now. Never the last one.</summary>
    public LogSegment[] RemoveHead()
    {
        lock (_change)
        {
            var segments = _segments;
            var gone = 0;
            while (gone < segments.Length - 1 && segments[gone].EndOffset <= MinOffset)
                gone++;
            if (gone > 0)
                Volatile.Write(ref _segments, segments[gone..]);
            return segments[..gone];
        }
    }

    /// <summary>Makes [<paramref name="from"/>, <paramref name="to"/>) durable, segment by segment in their order.</summary>
    public void Flush(long from, long to)
    {
        while (from < to)
        {
            var segment = Find(from) ?? throw new IOException($"No segment of the commit log holds offset {from}.");
            var end = Math.Min(to, segment.EndOffset);
            segment.Flush((int)(from - segment.BaseOffset), (int)(end - from));
            from = end;
        }
    }

    /// <summary>
    /// Leases the record at an offset below <paramref name="limit"/>; its size is checked when given (not -1).
    /// Empty when there is none like that.
    /// </summary>
    public RecordLease Read(long offset, int size, long limit) => Read(offset, size, limit, out _);

    /// <summary>
    /// As <see cref="Read(long, int, long)"/>, with the record cut, valid as long as the lease is. With a hold, the lease
    /// is valid as long as that is.
    /// </summary>
    public RecordLease Read(long offset, int size, long limit, out MessageRecord record, SegmentHold? hold = null)
    {
        record = default;
        if (offset < 0 || offset >= limit)
            return default;
        if (hold?.Holding(offset) is not { } segment)
        {
            segment = Find(offset);
            if (segment is null || !(hold?.TryHold(segment) ?? segment.TryAcquire()))
                return default;
        }

        var at = (int)(offset - segment.BaseOffset);
        var memory = segment.Memory;
        if (MessageRecord.TryRead(memory.Span[at..], out record) == RecordError.None
            && (size == -1 || record.Size == size)
            && record.PhysicalOffset == offset
            && offset + record.Size <= limit)
        {
            memory = memory.Slice(at, record.Size);
            return hold is null ? new RecordLease(segment, memory) : new RecordLease(memory);
        }

        if (hold is null)
            segment.Release();
        return default;
    }

    /// <summary>Lets the mappings go; leases that are out keep theirs.</summary>
    public void Close()
    {
        foreach (var segment in Interlocked.Exchange(ref _segments, []))
            segment.Release();
    }
}
