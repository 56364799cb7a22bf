using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>A counter of the meter, which cannot be read, and the same number in the front's traffic, which can.</summary>
internal sealed class MessageCounter(Counter<long> counter, Action<int> traffic)
{
    public void Add(long count)
    {
        counter.Add(count);
        traffic((int)count);
    }
}

/// <summary>How long publishes take, for the meter and for the front's traffic.</summary>
internal sealed class PublishTimes(Histogram<double> histogram, LatencyCounts latency)
{
    public void Record(double seconds)
    {
        histogram.Record(seconds);
        latency.Add(TimeSpan.FromSeconds(seconds));
    }
}
