using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>Walks the latest records of a queue's keys, as they were when it was opened. One thread at a time.</summary>
public sealed class LatestRecords
{
    private readonly CompactedQueue _queue;
    private readonly long[] _offsets;
    private int _at;

    internal LatestRecords(CompactedQueue queue, long[] offsets)
    {
        _queue = queue;
        _offsets = offsets;
    }

    /// <summary>How many there are.</summary>
    public int Count => _offsets.Length;

    /// <summary>Leases the next one; false at the end. One that was overwritten and deleted meanwhile is left out.</summary>
    public bool TryReadNext(out RecordLease record)
    {
        while (_at < _offsets.Length)
        {
            var offset = _offsets[_at++];
            record = _queue.ReadAt(offset, checkContent: true, out var gone);
            if (gone)
                record = _queue.ReadAt(offset, checkContent: true, out _);
            if (!record.IsEmpty)
                return true;
        }

        record = default;
        return false;
    }
}
