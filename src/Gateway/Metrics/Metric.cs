using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>All series of one name. Bounded: what is beyond the limit is counted together.</summary>
internal sealed class Metric(string name, string help, MetricKind kind, bool isObserved, double[] bounds, int maxSeries)
{
    private static readonly KeyValuePair<string, object?>[] OverflowLabels = [new("overflow", "true")];

    private readonly ConcurrentDictionary<int, Series> _series = new();
    private readonly Lock _gate = new();
    private int _count;

    public string Name { get; } = name;

    public string Help { get; } = help;

    public MetricKind Kind { get; } = kind;

    /// <summary>Whether its values are asked for at a scrape; a series not seen then has gone.</summary>
    public bool IsObserved { get; } = isObserved;

    public double[] Bounds { get; } = bounds;

    /// <summary>All series, in an order that stays.</summary>
    public IEnumerable<Series> Series
    {
        get
        {
            foreach (Series first in _series.Values)
            {
                for (Series? series = first; series is not null; series = series.Next)
                    yield return series;
            }
        }
    }

    /// <summary>Values are about to be asked for: series of topics and groups that have gone make room, once there is none.</summary>
    public void BeginScrape()
    {
        if (!IsObserved)
            return;

        lock (_gate)
        {
            if (_count < maxSeries)
                return;

            _series.Clear();
            _count = 0;
        }
    }

    /// <summary>Takes a measurement; allocates only for labels not seen before.</summary>
    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels, long scrape)
    {
        Series series = Find(labels);
        switch (Kind)
        {
            case MetricKind.Histogram:
                series.Record(value);
                break;
            case var _ when IsObserved:
                series.Set(value);
                series.SeenIn = scrape;
                break;
            default:
                series.Add(value);
                break;
        }
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        int hash = HashOf(labels);
        for (Series? series = _series.GetValueOrDefault(hash); series is not null; series = series.Next)
        {
            if (series.Has(labels))
                return series;
        }

        return Make(hash, labels);
    }

    private Series Make(int hash, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        lock (_gate)
        {
            if (_count >= maxSeries)
            {
                labels = OverflowLabels;
                hash = HashOf(labels);
            }

            Series? first = _series.GetValueOrDefault(hash);
            for (Series? series = first; series is not null; series = series.Next)
            {
                if (series.Has(labels))
                    return series;
            }

            var made = new Series(labels.ToArray(), Bounds, first);
            _series[hash] = made;
            _count++;
            return made;
        }
    }

    private static int HashOf(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        int hash = 17;
        foreach ((string key, object? value) in labels)
            hash = unchecked((hash * 31 * 31) + (key.GetHashCode(StringComparison.Ordinal) * 31) + (value?.GetHashCode() ?? 0));

        return hash;
    }
}
