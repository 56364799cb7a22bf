using System.Numerics;
using ProtoBridgeMQ.Cli.Output;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary>Times in buckets that are 1/16 of a power of two wide: as many as one likes in fixed room. Thread safe.</summary>
internal sealed class LatencyTable
{
    private const int Steps = 16;

    private readonly long[] _buckets = new long[64 * Steps];
    private long _max;

    public void Add(TimeSpan time)
    {
        long microseconds = Math.Max(1, time.Ticks / TimeSpan.TicksPerMicrosecond);
        Interlocked.Increment(ref _buckets[Bucket(microseconds)]);
        long max = Volatile.Read(ref _max);
        while (microseconds > max)
        {
            max = Interlocked.CompareExchange(ref _max, microseconds, max);
        }
    }

    public Latency Read() => new(Share(0.5), Share(0.99), Milliseconds(_max));

    private double Share(double share)
    {
        long wanted = (long)Math.Ceiling(_buckets.Sum() * share);
        for (int i = 0; i < _buckets.Length; i++)
        {
            wanted -= _buckets[i];
            if (wanted <= 0 && _buckets[i] > 0)
            {
                return Milliseconds(Math.Min(End(i), _max));
            }
        }

        return 0;
    }

    private static int Bucket(long value)
    {
        int power = BitOperations.Log2((ulong)value);
        return (power * Steps) + (int)(((value - (1L << power)) * Steps) >> power);
    }

    private static long End(int bucket)
    {
        int power = bucket / Steps;
        return (1L << power) + ((((bucket % Steps) + 1L) << power) / Steps);
    }

    private static double Milliseconds(long microseconds) => Math.Round(microseconds / 1000.0, 3);
}
