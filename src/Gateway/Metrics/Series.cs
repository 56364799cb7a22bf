namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>One combination of label values of a metric, and what was measured for it. Thread safe.</summary>
internal sealed class Series
{
    private readonly KeyValuePair<string, object?>[] _labels;
    private readonly double[] _bounds;
    private readonly long[] _buckets;
    private long _value;
    private long _count;

    public Series(KeyValuePair<string, object?>[] labels, double[] bounds, Series? next)
    {
        _labels = labels;
        _bounds = bounds;
        _buckets = new long[bounds.Length + 1];
        Next = next;
    }

    /// <summary>Another series whose labels have the same hash.</summary>
    public Series? Next { get; }

    public IReadOnlyList<KeyValuePair<string, object?>> Labels => _labels;

    /// <summary>The sum, or the last value.</summary>
    public double Value => BitConverter.Int64BitsToDouble(Interlocked.Read(ref _value));

    public long Count => Interlocked.Read(ref _count);

    /// <summary>The scrape in which an observed value was last seen.</summary>
    public long SeenIn { get; set; }

    public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        if (labels.Length != _labels.Length)
            return false;

        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i].Key != _labels[i].Key || !Equals(labels[i].Value, _labels[i].Value))
                return false;
        }

        return true;
    }

    public void Add(double amount)
    {
        long before = Interlocked.Read(ref _value);
        while (true)
        {
            long after = BitConverter.DoubleToInt64Bits(BitConverter.Int64BitsToDouble(before) + amount);
            long found = Interlocked.CompareExchange(ref _value, after, before);
            if (found == before)
                return;

            before = found;
        }
    }

    public void Set(double value) => Interlocked.Exchange(ref _value, BitConverter.DoubleToInt64Bits(value));

    public void Record(double value)
    {
        int bucket = 0;
        while (bucket < _bounds.Length && value > _bounds[bucket])
            bucket++;

        Interlocked.Increment(ref _buckets[bucket]);
        Interlocked.Increment(ref _count);
        Add(value);
    }

    /// <summary>How many values fell into a bucket; the last one has no upper bound.</summary>
    public long InBucket(int bucket) => Interlocked.Read(ref _buckets[bucket]);
}
