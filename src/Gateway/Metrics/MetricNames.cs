using System.Diagnostics.Metrics;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>Instrument -&gt; Prometheus name: <c>protobridge.http.publish.duration</c> in <c>s</c> is <c>protobridge_http_publish_duration_seconds</c>.</summary>
internal static class MetricNames
{
    private const string Prefix = "protobridge_";

    /// <summary>Names that others have given: RocketMQ's, and those of OpenTelemetry's conventions.</summary>
    private static readonly string[] Foreign = ["rocketmq_", "messaging_"];

    public static string Of(Instrument instrument, MetricKind kind, bool isOurs)
    {
        string name = Clean(instrument.Name);
        if (isOurs && !name.StartsWith(Prefix, StringComparison.Ordinal) && !Foreign.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            name = Prefix + name;

        name = WithSuffix(name, Unit(instrument.Unit));
        return kind == MetricKind.Counter ? WithSuffix(name, "_total") : name;
    }

    /// <summary>A label name: letters, digits and underscores.</summary>
    public static string Clean(string name)
    {
        var clean = new StringBuilder(name.Length);
        foreach (char c in name)
            clean.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');

        if (clean.Length == 0 || char.IsAsciiDigit(clean[0]))
            clean.Insert(0, '_');

        return clean.ToString();
    }

    private static string WithSuffix(string name, string suffix)
        => name.EndsWith(suffix, StringComparison.Ordinal) || name.Contains(suffix + "_", StringComparison.Ordinal) ? name : name + suffix;

    /// <summary>Units in braces only explain what is counted.</summary>
    private static string Unit(string? unit) => unit switch
    {
        "s" => "_seconds",
        "ms" => "_milliseconds",
        "us" => "_microseconds",
        "By" => "_bytes",
        "%" => "_percent",
        _ => string.Empty,
    };
}
