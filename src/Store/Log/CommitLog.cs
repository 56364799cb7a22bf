using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// The segments of the commit log, and how far it is written. One writer (<see cref="LogAppender"/>), any readers.
/// </summary>
internal sealed class CommitLog
{
    private LogSegment[] _segments;
    private long _written;

    public CommitLog(int segmentSize, LogSegment[] segments, long end)
    {
        SegmentSize = segmentSize;
        _segments = segments;
        _written = end;
        MinOffset = segments.Length == 0 ? end : segments[0].BaseOffset;
    }

    public int SegmentSize { get; }

    /// <summary>Physical offset of the first byte.</summary>
    public long MinOffset { get; }

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
    public void Add(LogSegment segment) => Volatile.Write(ref _segments, [.. _segments, segment]);

    /// <summary>Publishes what was written. Writer only.</summary>
    public void Publish(long end) => Volatile.Write(ref _written, end);

    /// <summary>The segment that holds an offset; null outside of the log.</summary>
    public LogSegment? Find(long offset)
    {
        var segments = Volatile.Read(ref _segments);
        if (segments.Length == 0 || offset < segments[0].BaseOffset)
            return null;
        var index = (offset - segments[0].BaseOffset) / SegmentSize;
        return index < segments.Length ? segments[index] : null;
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
    public RecordLease Read(long offset, int size, long limit)
    {
        if (offset < 0 || offset >= limit || Find(offset) is not { } segment || !segment.TryAcquire())
            return default;
        var memory = segment.Memory[(int)(offset - segment.BaseOffset)..];
        if (MessageRecord.TryRead(memory.Span, out var record) == RecordError.None
            && (size == -1 || record.Size == size)
            && record.PhysicalOffset == offset
            && offset + record.Size <= limit)
        {
            return new RecordLease(segment, memory[..record.Size]);
        }

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
