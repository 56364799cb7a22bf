using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Gateway.Metrics;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class MetricsText : IDisposable
{
    private readonly object _scope = new();
    private readonly Meter _meter;
    private readonly MetricsCollector _collector;

    public MetricsText()
    {
        _meter = new Meter("ProtoBridgeMQ.Test", null, null, _scope);
        _collector = new MetricsCollector(new MetricsOptions { MaxSeriesPerInstrument = 3 }, _scope);
    }

    public void Dispose()
    {
        _collector.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Counters_and_up_down_counters_add_up_by_label()
    {
        Counter<long> counter = _meter.CreateCounter<long>("protobridge.test.sent", "{message}", "Messages sent.");
        UpDownCounter<int> open = _meter.CreateUpDownCounter<int>("test.open", "By", "Open.");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a"));
        open.Add(5);
        open.Add(-2);

        Assert.Equal(
            "# HELP protobridge_test_open_bytes Open.\n# TYPE protobridge_test_open_bytes gauge\nprotobridge_test_open_bytes 3\n"
            + "# HELP protobridge_test_sent_total Messages sent.\n# TYPE protobridge_test_sent_total counter\nprotobridge_test_sent_total{kind=\"a\"} 5\n",
            Ours());
    }

    [Fact]
    public void Words_and_label_values_are_escaped()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c", null, "A \\ and\na \"line\".");
        counter.Add(1, new KeyValuePair<string, object?>("the-label", "a\\b\"c\nd"));

        Assert.Equal(
            "# HELP protobridge_c_total A \\\\ and\\na \"line\".\n# TYPE protobridge_c_total counter\nprotobridge_c_total{the_label=\"a\\\\b\\\"c\\nd\"} 1\n",
            Ours());
    }

    [Fact]
    public void A_histogram_has_cumulative_buckets_sum_and_count()
    {
        Histogram<double> histogram = _meter.CreateHistogram(
            "wait", "s", "Wait.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (double value in new[] { 0.25, 0.5, 0.75, 2 })
            histogram.Record(value);

        Assert.Equal(
            "# HELP protobridge_wait_seconds Wait.\n# TYPE protobridge_wait_seconds histogram\n"
            + "protobridge_wait_seconds_bucket{le=\"0.5\"} 2\nprotobridge_wait_seconds_bucket{le=\"1\"} 3\nprotobridge_wait_seconds_bucket{le=\"+Inf\"} 4\n"
            + "protobridge_wait_seconds_sum 3.5\nprotobridge_wait_seconds_count 4\n",
            Ours());
    }

    [Fact]
    public void An_observed_series_that_has_gone_is_not_shown()
    {
        List<Measurement<long>> now = [new(7, new KeyValuePair<string, object?>("queue", 0)), new(8, new KeyValuePair<string, object?>("queue", 1))];
        _meter.CreateObservableGauge("lag", () => now, null, "Lag.");
        Assert.Contains("protobridge_lag{queue=\"1\"} 8\n", Ours(), StringComparison.Ordinal);

        now = [new(9, new KeyValuePair<string, object?>("queue", 0))];

        Assert.Equal("# HELP protobridge_lag Lag.\n# TYPE protobridge_lag gauge\nprotobridge_lag{queue=\"0\"} 9\n", Ours());
    }

    [Fact]
    public void Series_beyond_the_limit_are_counted_together()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c", null, "C.");
        for (int i = 0; i < 10; i++)
            counter.Add(1, new KeyValuePair<string, object?>("topic", i));

        string text = Ours();
        Assert.Contains("protobridge_c_total{overflow=\"true\"} 7\n", text, StringComparison.Ordinal);
        Assert.Equal(4, text.Split('\n').Count(line => line.StartsWith("protobridge_c_total", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_measurement_of_known_labels_allocates_nothing()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c", null, "C.");
        Histogram<double> histogram = _meter.CreateHistogram<double>("h", "s", "H.");
        var label = new KeyValuePair<string, object?>("kind", "a");
        Measure(counter, histogram, label);

        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
                Measure(counter, histogram, label);
        }));
    }

    [Fact]
    public async Task The_page_is_served_with_its_content_type()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        await host.PublishAsync("sensors", "x");

        using HttpResponseMessage answer = await host.GetAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\nprotobridge_http_published_total 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nprotobridge_http_publish_duration_seconds_count 1\n", text, StringComparison.Ordinal);
    }

    private static void Measure(Counter<long> counter, Histogram<double> histogram, KeyValuePair<string, object?> label)
    {
        counter.Add(1, label);
        histogram.Record(0.001, label);
    }

    /// <summary>The page without the runtime's own metrics, and without those of access control: tests beside this one have some, and they are of no host.</summary>
    private string Ours()
        => string.Concat(_collector.Write().Split('\n')
            .Where(line => line.Contains("protobridge_", StringComparison.Ordinal) && !line.Contains("dotnet_", StringComparison.Ordinal)
                && !line.Contains("protobridge_access_", StringComparison.Ordinal))
            .Select(line => line + "\n"));
}
