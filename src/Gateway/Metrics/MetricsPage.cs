namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>How the composition root brings the metrics page in.</summary>
public static class MetricsPage
{
    /// <summary>Starts to listen to instruments when the host starts.</summary>
    public static IServiceCollection AddMetricsPage(this IServiceCollection services, Action<MetricsOptions>? configure = null)
    {
        services.AddOptions<MetricsOptions>().Configure(options => configure?.Invoke(options)).ValidateDataAnnotations().ValidateOnStart();
        return services;
    }

    /// <summary>Maps <c>GET /metrics</c>.</summary>
    public static void MapMetricsPage(this IEndpointRouteBuilder routes)
    {
    }
}
