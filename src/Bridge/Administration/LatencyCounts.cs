using System.Numerics;

namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>
/// How often something took how long: four steps to each doubling, from a microsecond to some minutes, so that a quantile
/// is right to a fifth.
/// <code>
///   step of t microseconds:  4 * log2(t) + the two bits below the highest
/// </code>
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class LatencyCounts
{
    /// <summary>How many steps there are.</summary>
    public const int Steps = 4 * 28;

    private readonly long[] _counts = new long[Steps];

    /// <summary>Counts one.</summary>
    public void Add(TimeSpan time) => Interlocked.Increment(ref _counts[StepOf((long)time.TotalMicroseconds)]);

    /// <summary>Copies the counts since the start.</summary>
    /// <param name="counts">Room for <see cref="Steps"/>; added to what is there.</param>
    public void AddTo(Span<long> counts)
    {
        for (int step = 0; step < Steps; step++)
        {
            counts[step] += Volatile.Read(ref _counts[step]);
        }
    }

    /// <summary>The time that a share of all did not exceed; null of none.</summary>
    /// <param name="counts">Counts of each step.</param>
    /// <param name="share">0 to 1.</param>
    public static TimeSpan? Quantile(ReadOnlySpan<long> counts, double share)
    {
        long total = 0;
        foreach (long count in counts)
        {
            total += count;
        }

        if (total <= 0)
        {
            return null;
        }

        long rest = (long)Math.Ceiling(total * share);
        int step = 0;
        for (; step < counts.Length - 1 && (rest -= counts[step]) > 0; step++)
        {
        }

        return UpperEnd(step);
    }

    private static int StepOf(long microseconds)
    {
        if (microseconds < 4)
        {
            return (int)Math.Max(0, microseconds);
        }

        int power = BitOperations.Log2((ulong)microseconds);
        return Math.Min(Steps - 1, (4 * (power - 1)) + (int)((microseconds >> (power - 2)) & 3));
    }

    private static TimeSpan UpperEnd(int step)
    {
        if (step < 4)
        {
            return TimeSpan.FromMicroseconds(step + 1);
        }

        int power = (step / 4) + 1;
        return TimeSpan.FromMicroseconds((long)(4 + (step % 4) + 1) << (power - 2));
    }
}
