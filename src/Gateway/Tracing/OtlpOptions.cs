using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>Where traces and metrics go by OpenTelemetry's protocol.</summary>
public sealed class OtlpOptions
{
    /// <summary>
    /// The collector, <c>http://host:4318</c>; empty: as the variable OTEL_EXPORTER_OTLP_ENDPOINT says, and nowhere when that is empty,
    /// too. OpenTelemetry's other variables hold as well.
    /// </summary>
    public string Endpoint { get; set; } = string.Empty;

    /// <summary><c>http/protobuf</c> or <c>grpc</c>, for <see cref="Endpoint"/>.</summary>
    [RegularExpression("http/protobuf|grpc", ErrorMessage = "otlp.protocol must be http/protobuf or grpc")]
    public string Protocol { get; set; } = "http/protobuf";

    /// <summary>Headers of the requests to the collector, <c>name=value,name=value</c>.</summary>
    public string Headers { get; set; } = string.Empty;

    /// <summary>Whether traces are exported.</summary>
    public bool Traces { get; set; } = true;

    /// <summary>Whether metrics are exported.</summary>
    public bool Metrics { get; set; } = true;

    /// <summary>Share of the traces that begin here; one that comes with a message is decided where it began.</summary>
    [Range(0.0, 1.0)]
    public double SampleRatio { get; set; } = 1;

    /// <summary>How often traces are exported.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan TraceInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often metrics are exported.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan MetricInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Spans that wait to be exported; further ones are dropped.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaitingSpans { get; set; } = 8192;

    /// <summary>How long one export may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether anything is exported: by the option, or by the standard variable.</summary>
    public bool IsOn => Endpoint.Length > 0 || Environment.GetEnvironmentVariable(EndpointVariable) is { Length: > 0 };

    internal const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
}
