namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>Search in texts that are sorted by their bytes.</summary>
internal static class SortedBytes
{
    /// <summary>The place of a text, or a negative number.</summary>
    public static int Find(byte[][] sorted, ReadOnlySpan<byte> text)
    {
        int low = 0;
        int high = sorted.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = text.SequenceCompareTo(sorted[middle]);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (low, middle - 1) : (middle + 1, high);
        }

        return -1;
    }

    /// <summary>Sorted and each once.</summary>
    public static byte[][] Of(IEnumerable<byte[]> texts)
    {
        byte[][] sorted = [.. texts];
        Array.Sort(sorted, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        int count = 0;
        foreach (byte[] text in sorted)
        {
            if (count == 0 || !sorted[count - 1].AsSpan().SequenceEqual(text))
            {
                sorted[count++] = text;
            }
        }

        return sorted[..count];
    }
}
