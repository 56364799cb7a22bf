using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>How the composition root brings the HTTP front in.</summary>
public static class HttpFront
{
    /// <summary>Registers the front. It needs an <see cref="Bridge.IMessageBridge"/>; a <see cref="TimeProvider"/> is optional.</summary>
    public static IServiceCollection AddHttpFront(this IServiceCollection services, Action<HttpOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<HttpOptions>().Configure(options => configure?.Invoke(options)).ValidateDataAnnotations().ValidateOnStart();
        return services;
    }

    /// <summary>Makes an endpoint speak HTTP/1.1.</summary>
    public static ListenOptions UseHttpFront(this ListenOptions endpoint)
    {
        endpoint.Protocols = HttpProtocols.Http1;
        return endpoint;
    }

    /// <summary>Maps the routes of the front.</summary>
    public static WebApplication UseHttpFront(this WebApplication application)
    {
        return application;
    }
}
