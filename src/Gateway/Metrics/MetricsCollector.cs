using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>Listens to the instruments of this process and keeps what the page shows.</summary>
internal sealed class MetricsCollector : IHostedService, IDisposable
{
    private const string OurMeters = "ProtoBridgeMQ";
    private const string RuntimeMeter = "System.Runtime";

    private readonly MetricsOptions _options;
    private readonly object? _scope;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Metric> _metrics = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();
    private long _scrape;

    public MetricsCollector(IOptions<MetricsOptions> options, IMeterFactory factory)
        : this(options.Value, factory)
    {
    }

    /// <param name="options">Limits.</param>
    /// <param name="scope">Meters of another scope belong to another host in this process.</param>
    internal MetricsCollector(MetricsOptions options, object? scope)
    {
        _options = options;
        _scope = scope;
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<byte>(Take);
        _listener.SetMeasurementEventCallback<short>(Take);
        _listener.SetMeasurementEventCallback<int>(Take);
        _listener.SetMeasurementEventCallback<long>(Take);
        _listener.SetMeasurementEventCallback<float>(Take);
        _listener.SetMeasurementEventCallback<double>(Take);
        _listener.SetMeasurementEventCallback<decimal>(Take);
        _listener.Start();
    }

    /// <summary>Begins to listen: before anything is counted, because it is constructed with the host.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The page, as of now.</summary>
    public string Write()
    {
        lock (_scraping)
        {
            Interlocked.Increment(ref _scrape);
            foreach (Metric metric in _metrics.Values)
                metric.BeginScrape();

            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // A callback of a part that is stopping: its series are left out.
            }

            return PrometheusText.Write(_metrics.Values.OrderBy(metric => metric.Name, StringComparer.Ordinal), _scrape);
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Publish(Instrument instrument, MeterListener listener)
    {
        bool isOurs = instrument.Meter.Name.StartsWith(OurMeters, StringComparison.Ordinal)
            && (instrument.Meter.Scope is null || instrument.Meter.Scope == _scope);
        if (!isOurs && instrument.Meter.Name != RuntimeMeter)
            return;

        MetricKind kind = KindOf(instrument);
        string name = MetricNames.Of(instrument, kind, isOurs);
        if (!_metrics.TryGetValue(name, out Metric? metric))
        {
            if (_metrics.Count >= _options.MaxInstruments)
                return;

            double[] bounds = kind == MetricKind.Histogram ? Buckets.Of(instrument) : [];
            metric = _metrics.GetOrAdd(
                name,
                new Metric(name, instrument.Description ?? instrument.Name, kind, instrument.IsObservable, bounds, _options.MaxSeriesPerInstrument));
        }

        if (metric.Kind == kind)
            listener.EnableMeasurementEvents(instrument, metric);
    }

    private void Take<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> labels, object? state)
        where T : struct, IConvertible
        => ((Metric)state!).Take(ToDouble(value), labels, Interlocked.Read(ref _scrape));

    /// <summary>The compiler sees each type apart: no boxing.</summary>
    private static double ToDouble<T>(T value)
        where T : struct, IConvertible
    {
        if (typeof(T) == typeof(long))
            return (long)(object)value;

        return typeof(T) == typeof(double) ? (double)(object)value : value.ToDouble(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        Type type = instrument.GetType().IsGenericType ? instrument.GetType().GetGenericTypeDefinition() : instrument.GetType();
        if (type == typeof(Histogram<>))
            return MetricKind.Histogram;

        return type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter : MetricKind.Gauge;
    }
}
