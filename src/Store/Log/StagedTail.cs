namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Appends gather in memory until the flush that makes them durable, which writes all of them with one call: nobody may
/// learn of them before. What <see cref="Durability.FlushMode.Fsync"/> uses. A write marks just its own blocks for the
/// disk, where a store into a mapping marks all of a page of the page cache, and those may have a megabyte. What waits
/// is limited by <see cref="StoreOptions.MaxUnflushedBytes"/>. A process that is killed while it writes may leave the first
/// records of a batch, as a power cut may.
/// </summary>
internal sealed class StagedTail : ILogTail
{
    private const int ChunkSize = 256 << 10;
    private const int MostPooled = 32;

    private readonly Lock _lock = new();
    private readonly Queue<Chunk> _chunks = new();
    private readonly Stack<Chunk> _pool = new();
    private readonly ZerosAhead _zeros;
    private Chunk? _current;

    public StagedTail(ZerosAhead zeros) => _zeros = zeros;

    public void Reserve(LogSegment segment, long offset, int size)
    {
        if (_current is { } current && current.Segment == segment && offset - current.Start + size <= current.Bytes.Length)
            return;
        lock (_lock)
        {
            if (size > ChunkSize || !_pool.TryPop(out var chunk))
                chunk = new Chunk(GC.AllocateUninitializedArray<byte>(Math.Max(size, ChunkSize), pinned: true));
            chunk.Segment = segment;
            chunk.Start = offset;
            chunk.End = offset;
            _chunks.Enqueue(chunk);
            _current = chunk;
        }
    }

    public Span<byte> Room(long offset, int size) => _current!.Bytes.AsSpan((int)(offset - _current.Start), size);

    public void Written(LogSegment segment, long end) => Volatile.Write(ref _current!.End, end);

    public void Flush(long from, long to)
    {
        LogSegment? written = null;
        while (Oldest(out var isFilled) is { } chunk && chunk.Start < to)
        {
            var end = Math.Min(Volatile.Read(ref chunk.End), to);
            var begin = Math.Max(from, chunk.Start);
            if (begin < end)
            {
                if (written != chunk.Segment)
                    written?.Sync();
                written = chunk.Segment!;
                _zeros.Pass(written, end, (int)(end - begin));
                written.Write(begin, chunk.Bytes.AsSpan((int)(begin - chunk.Start), (int)(end - begin)));
            }

            if (!isFilled || end < chunk.End)
                break;
            Free();
        }

        written?.Sync();
    }

    /// <summary>The chunk to be written next, and whether the appender is done with it.</summary>
    private Chunk? Oldest(out bool isFilled)
    {
        lock (_lock)
        {
            isFilled = _chunks.Count > 1;
            return _chunks.TryPeek(out var chunk) ? chunk : null;
        }
    }

    private void Free()
    {
        lock (_lock)
        {
            var chunk = _chunks.Dequeue();
            chunk.Segment = null;
            if (chunk.Bytes.Length == ChunkSize && _pool.Count < MostPooled)
                _pool.Push(chunk);
        }
    }

    /// <summary>Records that follow one another in a segment.</summary>
    private sealed class Chunk(byte[] bytes)
    {
        public readonly byte[] Bytes = bytes;
        public LogSegment? Segment;
        public long Start;
        public long End;
    }
}
