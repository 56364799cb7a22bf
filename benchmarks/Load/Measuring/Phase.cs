namespace ProtoBridgeMQ.Benchmarks.Load.Measuring;

/// <summary>The times of one measurement, in timestamps of the clock.</summary>
/// <param name="Begin">First request.</param>
/// <param name="Counted">From here on requests are counted.</param>
/// <param name="End">No more requests.</param>
internal readonly record struct Phase(long Begin, long Counted, long End)
{
    /// <summary>Seconds that are counted.</summary>
    public double Seconds => TimeProvider.System.GetElapsedTime(Counted, End).TotalSeconds;

    /// <summary>Begins now.</summary>
    public static Phase StartNow(double warmup, double seconds)
    {
        double frequency = TimeProvider.System.TimestampFrequency;
        long now = TimeProvider.System.GetTimestamp();
        long counted = now + (long)(warmup * frequency);
        return new Phase(now, counted, counted + (long)(seconds * frequency));
    }
}
