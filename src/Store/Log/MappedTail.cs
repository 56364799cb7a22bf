namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Appends go straight into the mapped segment: an append is in the page cache when it returns, and survives the death of
/// the process without a system call. What <see cref="Durability.FlushMode.Async"/> promises.
/// </summary>
internal sealed class MappedTail : ILogTail
{
    private readonly CommitLog _log;
    private readonly PagesAhead _pages = new();
    private LogSegment? _segment;

    public MappedTail(CommitLog log) => _log = log;

    public void Reserve(LogSegment segment, long offset, int size) => _segment = segment;

    public Span<byte> Room(long offset, int size) => _segment!.Memory.Span.Slice((int)(offset - _segment.BaseOffset), size);

    public void Written(LogSegment segment, long end) => _pages.Written(segment, end);

    public void Flush(long from, long to) => _log.Flush(from, to);
}
