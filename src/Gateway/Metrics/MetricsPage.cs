
namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>How the composition root brings the metrics page in.</summary>
public static class MetricsPage
{
    /// <summary>Listens to the instruments of the process from the start of the host on.</summary>
    public static IServiceCollection AddMetricsPage(this IServiceCollection services, Action<MetricsOptions>? configure = null)
    {
        services.AddOptions<MetricsOptions>().Configure(options => configure?.Invoke(options)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<MetricsCollector>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricsCollector>());
        return services;
    }

    /// <summary>Maps <c>GET /metrics</c>.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="check">Throws when the request may not read it.</param>
    public static void MapMetricsPage(this IEndpointRouteBuilder routes, Func<HttpContext, ValueTask> check)
    {
        var collector = routes.ServiceProvider.GetRequiredService<MetricsCollector>();
        routes.MapGet("/metrics", async (HttpContext context) =>
        {
            await check(context);
            context.Response.ContentType = PrometheusText.ContentType;
            await context.Response.WriteAsync(collector.Write(), context.RequestAborted);
        }).ExcludeFromDescription();
    }
}
