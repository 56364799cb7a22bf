using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>Upper bounds of histogram buckets: what the instrument advises, or by its unit.</summary>
internal static class Buckets
{
    private static readonly double[] Seconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private static readonly double[] Bytes = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216];

    private static readonly double[] Counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

    public static double[] Of(Instrument instrument)
    {
        IReadOnlyList<double>? advised = instrument switch
        {
            Histogram<double> histogram => histogram.Advice?.HistogramBucketBoundaries,
            Histogram<long> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
            Histogram<int> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
            _ => null,
        };
        return advised?.ToArray() ?? instrument.Unit switch
        {
            "s" => Seconds,
            "ms" => [.. Seconds.Select(bound => bound * 1000)],
            "us" => [.. Seconds.Select(bound => bound * 1_000_000)],
            "By" => Bytes,
            _ => Counts,
        };
    }
}
