namespace ProtoBridgeMQ.Store.Queues;

/// <summary>Finds entries by where their records are. Fillers have no place in that order and are stepped over.</summary>
internal static class QueueSearch
{
    /// <summary>Offset of the first entry, no filler, whose record is at or after a physical offset; <paramref name="high"/> without one.</summary>
    public static long FirstAtOrAfter(QueueFiles files, ConsumeQueue queue, long low, long high, long physicalOffset)
    {
        var found = high;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var at = middle;
            QueueEntry entry = default;
            while (at < high && (!TryRead(files, queue, at, out entry) || entry.IsFiller))
                at++;
            if (at < high && entry.PhysicalOffset < physicalOffset)
            {
                low = at + 1;
                continue;
            }

            found = at < high ? at : found;
            high = middle;
        }

        return found;
    }

    /// <summary>Reads an entry from memory or the files, whatever the queue's range.</summary>
    public static bool TryRead(QueueFiles files, ConsumeQueue queue, long offset, out QueueEntry entry)
    {
        Span<byte> bytes = stackalloc byte[QueueEntry.EncodedSize];
        if (queue.TryReadTail(offset, out entry))
            return true;
        if (offset < 0 || files.Read(queue, offset, bytes) < QueueEntry.EncodedSize)
            return false;
        entry = QueueEntry.Read(bytes);
        return true;
    }
}
