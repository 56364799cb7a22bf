namespace ProtoBridgeMQ.Benchmarks.Load.Measuring;

/// <summary>What one sender saw.</summary>
internal sealed class Tally
{
    /// <summary>Times of the counted requests.</summary>
    public Histogram Times { get; } = new();

    /// <summary>Answers that were no success.</summary>
    public long Errors { get; set; }

    /// <summary>Adds another one's.</summary>
    public void Add(Tally other)
    {
        Times.Add(other.Times);
        Errors += other.Errors;
    }
}
