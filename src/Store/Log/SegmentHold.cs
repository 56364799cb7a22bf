namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Keeps the segments of records that are read together, counted once each and not once a record: a counted reference is
/// a barrier, and the processor then waits for memory where it could read the next record already. Of one store at a time.
/// Not thread-safe; used again and again.
/// </summary>
public sealed class SegmentHold : IDisposable
{
    private readonly List<LogSegment> _segments = [];
    private LogSegment? _last;

    /// <summary>Lets the segments go. The records that were read with it are not there any more.</summary>
    public void Release()
    {
        foreach (var segment in _segments)
            segment.Release();
        _segments.Clear();
        _last = null;
    }

    /// <summary>Hands the segments over to another hold: it keeps them from now on.</summary>
    public void MoveTo(SegmentHold other)
    {
        foreach (var segment in _segments)
        {
            if (other._segments.Contains(segment))
                segment.Release();
            else
                other._segments.Add(segment);
        }

        _segments.Clear();
        _last = null;
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    /// <summary>The segment kept last, when it holds an offset: neighbours are in one.</summary>
    internal LogSegment? Holding(long offset) =>
        _last is { } last && offset >= last.BaseOffset && offset < last.EndOffset ? last : null;

    /// <summary>The segment of a log that holds an offset, kept; null when there is none, or it is gone.</summary>
    internal LogSegment? Hold(CommitLog log, long offset)
    {
        if (Holding(offset) is { } held)
            return held;
        return offset >= 0 && log.Find(offset) is { } segment && TryHold(segment) ? segment : null;
    }

    /// <summary>Keeps a segment; false when it is gone.</summary>
    internal bool TryHold(LogSegment segment)
    {
        if (segment == _last)
            return true;
        if (!_segments.Contains(segment))
        {
            if (!segment.TryAcquire())
                return false;
            _segments.Add(segment);
        }

        _last = segment;
        return true;
    }
}
