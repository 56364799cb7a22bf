using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>
/// When the messages of segments were stored. Store times ascend in the log, so the last message of a segment is not
/// younger than the first one of the next: no segment is read through. Retention's thread only.
/// </summary>
internal sealed class SegmentTimes
{
    private readonly Dictionary<long, long> _first = [];

    /// <summary>Store time of the first record of a segment; -1 when it has none that can be read.</summary>
    public long FirstOf(LogSegment segment)
    {
        if (_first.TryGetValue(segment.BaseOffset, out var known))
            return known;
        if (!segment.TryAcquire())
            return -1;
        try
        {
            var isSound = MessageRecord.TryRead(segment.Memory.Span, out var record) == RecordError.None && record.PhysicalOffset == segment.BaseOffset;
            if (!isSound)
                return -1;
            _first[segment.BaseOffset] = record.StoreTimestamp;
            return record.StoreTimestamp;
        }
        finally
        {
            segment.Release();
        }
    }

    /// <summary>A time that no message of a segment is younger than; <see cref="long.MaxValue"/> when that is not known.</summary>
    public long EndOf(IReadOnlyList<LogSegment> segments, int index)
    {
        for (var next = index + 1; next < segments.Count; next++)
        {
            var time = FirstOf(segments[next]);
            if (time >= 0)
                return time;
        }

        return long.MaxValue;
    }

    /// <summary>Forgets segments before an offset.</summary>
    public void Forget(long offset)
    {
        foreach (var gone in _first.Keys.Where(key => key < offset).ToList())
            _first.Remove(gone);
    }
}
