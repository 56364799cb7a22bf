using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>An OTLP collector by HTTP and protobuf, or by gRPC over HTTP/2: keeps the spans, and the names of the metrics.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Lock _gate = new();
    private readonly List<ExportedSpan> _spans = [];
    private readonly HashSet<string> _metrics = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Collector(WebApplication application, int port)
    {
        _application = application;
        Endpoint = $"http://127.0.0.1:{port}";
    }

    public string Endpoint { get; }

    public IReadOnlyList<ExportedSpan> Spans
    {
        get
        {
            lock (_gate)
            {
                return [.. _spans];
            }
        }
    }

    public static async Task<Collector> StartAsync(bool isGrpc = false)
    {
        int port = FreePorts.Next();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, endpoint => endpoint.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        WebApplication application = builder.Build();
        var collector = new Collector(application, port);
        if (isGrpc)
        {
            const string Services = "/opentelemetry.proto.collector.";
            application.MapPost(Services + "trace.v1.TraceService/Export", context => AnswerGrpcAsync(context, collector.TakeTraces));
            application.MapPost(Services + "metrics.v1.MetricsService/Export", context => AnswerGrpcAsync(context, collector.TakeMetrics));
        }
        else
        {
            application.MapPost("/v1/traces", async context => collector.TakeTraces(await BodyAsync(context)));
            application.MapPost("/v1/metrics", async context => collector.TakeMetrics(await BodyAsync(context)));
        }

        await application.StartAsync();
        return collector;
    }

    /// <summary>Waits until a span came.</summary>
    public async Task<ExportedSpan> SpanAsync(Func<ExportedSpan, bool> match, string what)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_spans.Find(span => match(span)) is { } found)
                {
                    return found;
                }

                changed = _changed.Task;
            }

            await changed.Within($"{what} at the collector, which has {string.Join(", ", Spans.Select(span => span.Name))}");
        }
    }

    /// <summary>Waits until a metric came.</summary>
    public async Task MetricAsync(string name)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_metrics.Contains(name))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.Within($"metric {name} at the collector");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    /// <summary>A message behind a flag and its length (four bytes); answered with an empty one, and the status behind it.</summary>
    private static async Task AnswerGrpcAsync(HttpContext context, Action<byte[]> take)
    {
        const int Prefix = 5;
        byte[] body = await BodyAsync(context);
        Assert.Equal("application/grpc", context.Request.ContentType);
        Assert.Equal(0, body[0]);
        Assert.Equal(body.Length - Prefix, BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)));
        take(body[Prefix..]);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[Prefix]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private void TakeTraces(byte[] body)
    {
        IReadOnlyList<ExportedSpan> spans = ExportedSpan.ReadAll(body);
        lock (_gate)
        {
            _spans.AddRange(spans);
            Tell();
        }
    }

    /// <summary>1 resource_metrics, of which 2 scope_metrics, of which 2 metrics, of which 1 name.</summary>
    private void TakeMetrics(byte[] body)
    {
        lock (_gate)
        {
            Read(body, 0);
            Tell();
        }
    }

    private void Read(ReadOnlySpan<byte> message, int depth)
    {
        var fields = new ProtoReader(message);
        while (fields.MoveNext())
        {
            if (depth == 3 && fields.Field == 1)
            {
                _metrics.Add(System.Text.Encoding.UTF8.GetString(fields.Bytes));
            }
            else if (depth < 3 && fields.Field == (depth == 0 ? 1 : 2))
            {
                Read(fields.Bytes, depth + 1);
            }
        }
    }

    private void Tell()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }
}
