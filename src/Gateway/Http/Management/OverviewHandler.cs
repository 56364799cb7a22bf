using System.Buffers;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>
/// <c>GET /v1/overview</c>, and <c>GET /v1/live</c>: the same each second, as server-sent events.
/// <code>
///  event: overview
///  data: {overview}
///
/// </code>
/// </summary>
internal sealed class OverviewHandler(
    OverviewSource source, ManagementDesk desk, IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private static readonly byte[] Event = "event: overview\ndata: "u8.ToArray();
    private static readonly byte[] End = "\n\n"u8.ToArray();

    private int _clients;

    public async Task GetAsync(HttpContext context)
    {
        await desk.ReadAsync(context);
        ReadOnlyMemory<byte> overview = await source.GetAsync(context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.BodyWriter.WriteAsync(overview, context.RequestAborted);
    }

    public async Task LiveAsync(HttpContext context)
    {
        await desk.ReadAsync(context);
        int limit = options.Value.MaxLiveClients;
        try
        {
            if (Interlocked.Increment(ref _clients) > limit)
                throw new BridgeException(BridgeError.Busy, $"There are {limit} streams of the overview, as many as may be.", retryAfter: TimeSpan.FromSeconds(5));

            metrics.LiveClients.Add(1);
            try
            {
                await StreamAsync(context);
            }
            finally
            {
                metrics.LiveClients.Add(-1);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _clients);
        }
    }

    private async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        if (context.Features.Get<HttpConnection>() is { } connection)
            connection.Stream = context.Request.Path;

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var second = new PeriodicTimer(OverviewSource.Interval, clock);
        try
        {
            do
            {
                ReadOnlyMemory<byte> overview = await source.GetAsync(ending.Token);
                context.Response.BodyWriter.Write(Event);
                context.Response.BodyWriter.Write(overview.Span);
                context.Response.BodyWriter.Write(End);
                await context.Response.BodyWriter.FlushAsync(ending.Token);
            }
            while (await second.WaitForNextTickAsync(ending.Token));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has gone, or the gateway stops.
        }
    }
}
