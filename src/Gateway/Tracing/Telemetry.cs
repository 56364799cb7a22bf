using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ProtoBridgeMQ.Bridge.Tracing;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>Exports activities and instruments of this process by OpenTelemetry's protocol, for as long as the host runs.</summary>
internal sealed class Telemetry : IHostedService, IDisposable
{
    private const string ServiceName = "protobridge-gateway";

    private readonly OtlpOptions _options;
    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;

    public Telemetry(IOptions<OtlpOptions> options)
    {
        _options = options.Value;
        ResourceBuilder resource = ResourceBuilder.CreateEmpty()
            .AddService(ServiceName, serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3))
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
        if (_options.Traces)
        {
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(_options.SampleRatio)))
                .AddSource(MessageActivities.SourceName, "Microsoft.AspNetCore")
                .AddOtlpExporter(exporter =>
                {
                    Configure(exporter, "v1/traces");
                    exporter.BatchExportProcessorOptions.MaxQueueSize = _options.MaxWaitingSpans;
                    exporter.BatchExportProcessorOptions.MaxExportBatchSize = Math.Min(512, _options.MaxWaitingSpans);
                    exporter.BatchExportProcessorOptions.ScheduledDelayMilliseconds = (int)_options.TraceInterval.TotalMilliseconds;
                    exporter.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = (int)_options.Timeout.TotalMilliseconds;
                })
                .Build();
        }

        if (_options.Metrics)
        {
            _metrics = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(resource)
                .AddMeter("ProtoBridgeMQ.*", "System.Runtime")
                .AddOtlpExporter((exporter, reader) =>
                {
                    Configure(exporter, "v1/metrics");
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)_options.MetricInterval.TotalMilliseconds;
                    reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = (int)_options.Timeout.TotalMilliseconds;
                })
                .Build();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What waits is exported, if the collector takes it within the timeout.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            _traces?.ForceFlush((int)_options.Timeout.TotalMilliseconds);
            _metrics?.ForceFlush((int)_options.Timeout.TotalMilliseconds);
        },
        CancellationToken.None);

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    private void Configure(OtlpExporterOptions exporter, string path)
    {
        exporter.TimeoutMilliseconds = (int)_options.Timeout.TotalMilliseconds;
        if (_options.Headers.Length > 0)
        {
            exporter.Headers = _options.Headers;
        }

        // Without an endpoint of our own the exporter reads the standard variables by itself.
        if (_options.Endpoint.Length > 0)
        {
            bool isGrpc = _options.Protocol == "grpc";
            exporter.Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
            exporter.Endpoint = isGrpc ? new Uri(_options.Endpoint) : new Uri(_options.Endpoint.TrimEnd('/') + "/" + path);
        }
    }
}
