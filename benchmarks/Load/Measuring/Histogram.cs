using System.Numerics;

namespace ProtoBridgeMQ.Benchmarks.Load.Measuring;

/// <summary>
/// Counts of times in log-linear buckets, as HdrHistogram keeps them: every power of two is cut into 128 parts, so a
/// percentile is at most 0.8 % off, whatever its size. Recording neither allocates nor locks: one histogram a sender,
/// added up at the end.
/// </summary>
/// <remarks>
/// Unit: a tenth of a microsecond. A value v with its highest bit at h, h >= 7, is in bucket (h - 6) * 128 + (v >> (h - 7)) - 128.
/// </remarks>
internal sealed class Histogram
{
    private const int PartBits = 7;
    private const int Parts = 1 << PartBits;
    private const int MaxBits = 36;
    private const double UnitsPerMicrosecond = 10;

    private readonly long[] _counts = new long[(MaxBits - PartBits + 2) * Parts];

    /// <summary>How many were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest, in microseconds.</summary>
    public double Max { get; private set; }

    /// <summary>Records one time.</summary>
    public void Record(TimeSpan time)
    {
        long units = Math.Clamp(time.Ticks, 0, (1L << MaxBits) - 1);
        _counts[BucketOf(units)]++;
        Count++;
        Max = Math.Max(Max, units / UnitsPerMicrosecond);
    }

    /// <summary>Adds another one's counts.</summary>
    public void Add(Histogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The time in microseconds that this share of the recorded ones did not exceed.</summary>
    public double Percentile(double share)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(Count * share));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return Math.Min(Max, UpperEnd(i) / UnitsPerMicrosecond);
            }
        }

        return Max;
    }

    private static int BucketOf(long units)
    {
        if (units < Parts)
        {
            return (int)units;
        }

        int shift = BitOperations.Log2((ulong)units) - PartBits;
        return ((shift + 1) * Parts) + (int)(units >> shift) - Parts;
    }

    private static long UpperEnd(int bucket)
    {
        if (bucket < Parts)
        {
            return bucket;
        }

        int shift = (bucket / Parts) - 1;
        return ((long)((bucket % Parts) + Parts + 1) << shift) - 1;
    }
}
