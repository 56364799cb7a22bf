using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>
/// Brings records into the processor's cache while those before them are looked at: records of one queue lie apart, and
/// the wait for memory is most of what reading a small one takes. So many bytes ahead, however small the records are: fewer
/// do not come in time, and more are dropped.
/// </summary>
internal unsafe ref struct RecordsAhead
{
    private const int Bytes = 2560;

    private readonly LogSegment _segment;
    private readonly byte* _start;
    private readonly ReadOnlySpan<QueueEntry> _entries;
    private int _next;
    private int _room;

    public RecordsAhead(LogSegment segment, byte* start, ReadOnlySpan<QueueEntry> entries)
    {
        _segment = segment;
        _start = start;
        _entries = entries;
        Advance(Bytes);
    }

    /// <summary>So many bytes are not ahead any more.</summary>
    public void Advance(int bytes)
    {
        for (_room += bytes; _room > 0 && _next < _entries.Length; _next++)
        {
            ref readonly var entry = ref _entries[_next];
            _segment.WillRead(_start, entry.PhysicalOffset, entry.Size);
            _room -= entry.Size;
        }
    }
}
