using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>Export by OTLP over gRPC: HTTP/2 without encryption to a collector of this machine.</summary>
public sealed class ByGrpc
{
    [Fact]
    public async Task Traces_and_metrics_arrive()
    {
        await using Collector collector = await Collector.StartAsync(isGrpc: true);
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings
        {
            Configuration = $$"""{ "otlp": { "endpoint": "{{collector.Endpoint}}", "protocol": "grpc", "traceInterval": "00:00:00.100", "metricInterval": "00:00:01" } }""",
        });
        using var rest = new Rest(gateway);
        await rest.PublishAsync("by-grpc", "tag=t", "x");

        ExportedSpan published = await collector.SpanAsync(static span => span.Name == "publish by-grpc", "the publish");
        Assert.NotEmpty(published.TraceId);
        await collector.MetricAsync("protobridge.http.published");
    }
}
