namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>The last samples of a counter, an interval apart. Not thread safe.</summary>
internal sealed class SampleRing(int capacity, long intervalMillis)
{
    private readonly Sample[] _samples = new Sample[capacity];
    private int _next;
    private int _count;

    /// <summary>The oldest sample; a counter has one from its first moment.</summary>
    public Sample Oldest => _samples[(_next - _count + _samples.Length) % _samples.Length];

    /// <summary>Takes a sample when the last one is an interval old.</summary>
    public void Offer(in Sample sample)
    {
        if (_count > 0 && sample.Time - Newest.Time < intervalMillis)
        {
            return;
        }

        _samples[_next] = sample;
        _next = (_next + 1) % _samples.Length;
        _count = Math.Min(_count + 1, _samples.Length);
    }

    /// <summary>The newest sample that is so old at least; the oldest there is when none is.</summary>
    public Sample Before(long time)
    {
        for (int back = 1; back <= _count; back++)
        {
            Sample sample = _samples[(_next - back + _samples.Length) % _samples.Length];
            if (sample.Time <= time)
            {
                return sample;
            }
        }

        return Oldest;
    }

    private Sample Newest => _samples[(_next - 1 + _samples.Length) % _samples.Length];
}
