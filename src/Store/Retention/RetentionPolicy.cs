using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Retention;

/// <summary>Why a segment goes.</summary>
internal enum RetentionReason
{
    /// <summary>All its messages are older than the retention time.</summary>
    Time,

    /// <summary>The log is larger than it may be.</summary>
    Size,

    /// <summary>The disk is fuller than the watermark.</summary>
    Disk,

    /// <summary>Somebody asked for it.</summary>
    Request,
}

/// <summary>Up to where each rule would delete: ends of segments, or where the log begins when it would not.</summary>
internal readonly record struct RetentionWish(long Time, long Size, long Disk)
{
    /// <summary>Up to where the log is not wanted any more.</summary>
    public long Offset => Math.Max(Math.Max(Time, Size), Disk);

    /// <summary>The rule that a segment which ends at an offset goes by.</summary>
    public RetentionReason ReasonOf(long end) => end <= Time ? RetentionReason.Time : end <= Size ? RetentionReason.Size : RetentionReason.Disk;
}

/// <summary>The rules by which the head of the log is not wanted any more. The last segment always is.</summary>
internal sealed class RetentionPolicy
{
    private readonly StoreOptions _options;
    private readonly SegmentTimes _times;

    public RetentionPolicy(StoreOptions options, SegmentTimes times)
    {
        _options = options;
        _times = times;
    }

    /// <summary>Applies the rules; <paramref name="isFull"/> asks for a segment at least, whatever the disk says.</summary>
    public RetentionWish Of(CommitLog log, long now, DiskRoom room, bool isFull)
    {
        var segments = log.Segments;
        var min = log.MinOffset;
        if (segments.Count < 2)
            return new RetentionWish(min, min, min);
        var first = 0;
        while (first < segments.Count - 1 && segments[first].BaseOffset < min)
            first++;
        var last = segments[^1];
        return new RetentionWish(
            ByTime(segments, first, min, now),
            _options.RetentionBytes is { } most ? Clamp(last.EndOffset - most, min, last, log.SegmentSize) : min,
            Clamp(min + BytesTooMany(room, isFull), min, last, log.SegmentSize));
    }

    private long ByTime(IReadOnlyList<LogSegment> segments, int first, long min, long now)
    {
        var oldest = now - (long)_options.RetentionTime.TotalMilliseconds;
        var wanted = min;
        for (var i = first; i < segments.Count - 1 && _times.EndOf(segments, i) <= oldest; i++)
            wanted = segments[i].EndOffset;
        return wanted;
    }

    private long BytesTooMany(DiskRoom room, bool isFull)
    {
        if (_options.CleanWatermark >= 1)
            return 0;
        var more = room.UsedShare > _options.CleanWatermark
            ? room.Used - (long)(_options.CleanWatermark * ((double)room.Used + room.Available))
            : 0;
        return isFull ? Math.Max(1, more) : more;
    }

    /// <summary>The end of the segment that an offset is in, not beyond the beginning of the last one.</summary>
    private static long Clamp(long offset, long min, LogSegment last, int segmentSize)
    {
        if (offset <= min)
            return min;
        var segments = (offset - min + segmentSize - 1) / segmentSize;
        return Math.Min(last.BaseOffset, min + (segments * segmentSize));
    }
}
