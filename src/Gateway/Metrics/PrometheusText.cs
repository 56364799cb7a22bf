using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>
/// Prometheus' text format, version 0.0.4.
/// <code>
/// # HELP name words            backslash and line feed escaped
/// # TYPE name counter
/// name{label="value"} 42       backslash, quote and line feed escaped
/// name_bucket{le="0.5"} 3      cumulative; then _sum and _count
/// </code>
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<Metric> metrics, long scrape)
    {
        var text = new StringBuilder();
        foreach (Metric metric in metrics)
        {
            Series[] series = [.. metric.Series.Where(one => !metric.IsObserved || one.SeenIn == scrape)];
            if (series.Length == 0)
                continue;

            text.Append("# HELP ").Append(metric.Name).Append(' ');
            Escape(text, metric.Help, quotes: false).Append('\n');
            text.Append("# TYPE ").Append(metric.Name).Append(' ').Append(TypeOf(metric.Kind)).Append('\n');
            foreach (Series one in series)
                Write(text, metric, one);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, Metric metric, Series series)
    {
        if (metric.Kind != MetricKind.Histogram)
        {
            Line(text, metric.Name, string.Empty, series, null, series.Value);
            return;
        }

        long below = 0;
        for (int i = 0; i < metric.Bounds.Length; i++)
        {
            below += series.InBucket(i);
            Line(text, metric.Name, "_bucket", series, Number(metric.Bounds[i]), below);
        }

        // The count is the sum of the buckets, so that a scrape in the middle of a record is consistent in itself.
        below += series.InBucket(metric.Bounds.Length);
        Line(text, metric.Name, "_bucket", series, "+Inf", below);
        Line(text, metric.Name, "_sum", series, null, series.Value);
        Line(text, metric.Name, "_count", series, null, below);
    }

    private static void Line(StringBuilder text, string name, string suffix, Series series, string? bound, double value)
    {
        text.Append(name).Append(suffix);
        char separator = '{';
        foreach ((string key, object? label) in series.Labels)
        {
            text.Append(separator).Append(MetricNames.Clean(key)).Append("=\"");
            Escape(text, Convert.ToString(label, CultureInfo.InvariantCulture) ?? string.Empty, quotes: true).Append('"');
            separator = ',';
        }

        if (bound is not null)
        {
            text.Append(separator).Append("le=\"").Append(bound).Append('"');
            separator = ',';
        }

        if (separator == ',')
            text.Append('}');

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static StringBuilder Escape(StringBuilder text, string value, bool quotes)
    {
        foreach (char c in value)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '"' when quotes => text.Append("\\\""),
                _ => text.Append(c),
            };
        }

        return text;
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };
}
