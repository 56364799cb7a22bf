namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Has the pages behind the end of the log made ready on the thread pool, a window ahead of the writer. A page of a mapping
/// that is written to for the first time costs a fault, and the kernel fills it with zeros: more than the copy of the bytes.
/// </summary>
internal sealed class PagesAhead : IThreadPoolWorkItem
{
    private const int Window = 8 << 20;
    private const int Least = Window / 2;

    private LogSegment? _segment;
    private long _ready;
    private long _written;
    private int _working;

    /// <summary>The log was written up to here. Under the append lock; cheap to tell.</summary>
    public void Written(LogSegment segment, long end)
    {
        if (segment == Volatile.Read(ref _segment) && Volatile.Read(ref _ready) - end > Least)
            return;
        if (Interlocked.Exchange(ref _working, 1) != 0)
            return;
        if (_segment != segment)
        {
            Volatile.Write(ref _ready, end);
            Volatile.Write(ref _segment, segment);
        }

        _written = end;
        if (Volatile.Read(ref _ready) >= segment.EndOffset)
        {
            // To the end of the segment: nothing to do before the next one.
            Volatile.Write(ref _ready, long.MaxValue / 2);
            Volatile.Write(ref _working, 0);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        var segment = _segment!;
        if (segment.TryAcquire())
        {
            var from = Math.Max(_ready, _written);
            var to = Math.Min(segment.EndOffset, _written + Window);
            if (to > from)
                segment.Prepare((int)(from - segment.BaseOffset), (int)(to - from));
            Volatile.Write(ref _ready, Math.Max(to, from));
            segment.Release();
        }

        Volatile.Write(ref _working, 0);
    }
}
