namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// Finds entries by where their records are. Fillers have no place in that order and are stepped over; one that a damaged
/// entry would disturb is judged by its neighbours.
/// </summary>
internal static class QueueSearch
{
    private const int FirstStep = 64;

    /// <summary>Offset of the first entry, no filler, whose record is at or after a physical offset; <paramref name="high"/> without one.</summary>
    public static long FirstAtOrAfter(QueueFiles files, ConsumeQueue queue, long low, long high, long physicalOffset)
    {
        var first = low;
        var found = high;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var at = middle;
            QueueEntry entry = default;
            while (at < high && !IsInOrder(files, queue, at, out entry))
                at++;
            if (at < high && entry.PhysicalOffset < physicalOffset)
            {
                low = at + 1;
                continue;
            }

            found = at < high ? at : found;
            high = middle;
        }

        // What was stepped over and is no filler belongs to the range, if what is before it does.
        while (found > first && TryRead(files, queue, found - 1, out var before) && !before.IsFiller && (!before.IsPlausible || before.PhysicalOffset >= physicalOffset))
            found--;
        return found;
    }

    /// <summary>Offset after the last entry whose record is before a physical offset: entries behind it are none, or of later records.</summary>
    public static long EndBefore(QueueFiles files, ConsumeQueue queue, long low, long high, long physicalOffset)
    {
        // Most queues are short in files that are long and sparse: a look at the middle of a hole has the kernel fill pages.
        for (long step = FirstStep; low + step < high; step *= 4)
        {
            if (!IsBefore(files, queue, low + step - 1, physicalOffset))
            {
                high = low + step - 1;
                break;
            }

            low += step;
        }

        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (IsBefore(files, queue, middle, physicalOffset))
                low = middle + 1;
            else
                high = middle;
        }

        return low;
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

    /// <summary>Whether an entry, or the one behind it when it is damaged, is of a record before a physical offset.</summary>
    private static bool IsBefore(QueueFiles files, ConsumeQueue queue, long offset, long physicalOffset)
    {
        Span<QueueEntry> window = stackalloc QueueEntry[3];
        Read(files, queue, offset, window);
        var known = IsKnown(window[1], physicalOffset) && !(window[0].IsPlausible && !window[1].IsFiller && window[0].PhysicalOffset >= window[1].PhysicalOffset);
        return known || (window[1] != default && IsKnown(window[2], physicalOffset));
    }

    private static bool IsKnown(in QueueEntry entry, long physicalOffset) =>
        entry.IsFiller || (entry.IsPlausible && entry.PhysicalOffset < physicalOffset);

    /// <summary>Whether an entry may be compared: not one that its neighbours, which are in order, have no room for.</summary>
    private static bool IsInOrder(QueueFiles files, ConsumeQueue queue, long offset, out QueueEntry entry)
    {
        Span<QueueEntry> window = stackalloc QueueEntry[3];
        Read(files, queue, offset, window);
        entry = window[1];
        if (!entry.IsPlausible)
            return false;
        var (before, after) = (window[0], window[2]);
        return !before.IsPlausible || !after.IsPlausible || before.PhysicalOffset >= after.PhysicalOffset
            || (before.PhysicalOffset < entry.PhysicalOffset && entry.PhysicalOffset < after.PhysicalOffset);
    }

    /// <summary>An entry and its neighbours, as far as they are in the same file; nothing for the others.</summary>
    private static void Read(QueueFiles files, ConsumeQueue queue, long offset, Span<QueueEntry> window)
    {
        Span<byte> bytes = stackalloc byte[3 * QueueEntry.EncodedSize];
        window.Clear();
        var skipped = offset % files.FileEntries == 0 ? 1 : 0;
        var read = files.Read(queue, offset - 1 + skipped, bytes[(skipped * QueueEntry.EncodedSize)..]) / QueueEntry.EncodedSize;
        for (var i = skipped; i < read + skipped; i++)
            window[i] = QueueEntry.Read(bytes[(i * QueueEntry.EncodedSize)..]);
        for (var i = 0; i < window.Length; i++)
        {
            if (queue.TryReadTail(offset - 1 + i, out var entry))
                window[i] = entry;
        }
    }
}
