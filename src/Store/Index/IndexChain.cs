using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Projections;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>Whether one index file begins where the one before ends: no file between them is gone. The log knows.</summary>
internal static class IndexChain
{
    /// <summary>Records without keys that are looked at between two files; behind more of them nothing is said.</summary>
    private const int MostSkipped = 256;

    /// <summary>False when the log has a record with keys behind the last one of a file and before the first one of the next.</summary>
    /// <param name="end">Offset of the last record of a file.</param>
    /// <param name="begin">Offset of the first record of the next.</param>
    /// <param name="start">Reads the log.</param>
    public static bool IsWhole(long end, long begin, in ProjectionStart start) =>
        !TryFirst(end, start, out var size) || !HasKeys(end + size, begin, start);

    /// <summary>Whether the log has a record with keys from one offset on and before another; false when it does not say.</summary>
    public static bool HasKeys(long from, long to, in ProjectionStart start)
    {
        if (start.Read is not { } read)
            return false;
        var offset = from;
        for (var i = 0; i <= MostSkipped && offset < to; i++)
        {
            // Deleted, damaged, or the end of a segment: nothing is said.
            using var lease = read(offset);
            if (lease.IsEmpty || !lease.TryRead(out var record) || !record.CrcMatches)
                return false;
            if (HasKeys(record))
                return true;
            offset += record.Size;
        }

        return false;
    }

    private static bool TryFirst(long offset, in ProjectionStart start, out int size)
    {
        size = 0;
        if (start.Read is not { } read)
            return false;
        using var lease = read(offset);
        if (lease.IsEmpty || !lease.TryRead(out var record) || !record.CrcMatches)
            return false;
        size = record.Size;
        return true;
    }

    private static bool HasKeys(in MessageRecord record)
    {
        if (!RecordKeys.Counts(record))
            return false;
        var keys = RecordKeys.Of(record);
        return !keys.Unique.IsEmpty || keys.MoveNext();
    }
}
