using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Gateway.Http.Handlers;
using ProtoBridgeMQ.Gateway.Http.Management;
using ProtoBridgeMQ.Gateway.Http.OpenApi;
using ProtoBridgeMQ.Gateway.Http.Session;
using ProtoBridgeMQ.Gateway.Http.Webhooks;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>How the composition root brings the HTTP front in.</summary>
public static class HttpFront
{
    /// <summary>Registers the front. It needs an <see cref="Bridge.IMessageBridge"/>; a <see cref="TimeProvider"/> is optional.</summary>
    public static IServiceCollection AddHttpFront(this IServiceCollection services, Action<HttpOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<HttpOptions>().Configure(options => configure?.Invoke(options)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ServerLimits>();
        services.AddSingleton<HttpMetrics>();
        services.AddSingleton<HttpConnections>();
        services.AddSingleton<IProtocolClients>(provider => provider.GetRequiredService<HttpConnections>());
        services.AddManagement();
        services.AddSingleton<GroupStreams>();
        services.AddHostedService(provider => provider.GetRequiredService<GroupStreams>());
        services.TryAddSingleton(_ => AccessControl.Open());
        services.AddSingleton<HttpAccess>();
        services.AddSingleton<Failures>();
        services.AddSingleton<IdempotentPublishes>();
        services.AddSingleton<PublishHandler>();
        services.AddSingleton<RecallHandler>();
        services.AddSingleton<PublishRoute>();
        services.AddSingleton<ReceiveHandler>();
        services.AddSingleton<ReceiptsHandler>();
        services.TryAddSingleton<NameMapping>();
        services.AddSingleton<MappingHandler>();
        services.AddSingleton<RequestHandler>();
        services.AddSingleton<TransactionBook>();
        services.AddHostedService(provider => provider.GetRequiredService<TransactionBook>());
        services.AddSingleton<TransactionsHandler>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookBook>();
        services.AddHostedService(provider => provider.GetRequiredService<WebhookBook>());
        services.AddSingleton<WebhooksHandler>();
        services.AddSingleton<TopicFeeds>();
        services.AddSingleton<EventsHandler>();
        services.AddSingleton<SocketHandler>();
        services.AddSingleton<BrowseHandler>();
        services.AddSingleton<HealthHandler>();
        SwaggerPages.Add(services);
        return services;
    }

    /// <summary>Makes an endpoint speak HTTP/1.1.</summary>
    public static ListenOptions UseHttpFront(this ListenOptions endpoint)
    {
        endpoint.Protocols = HttpProtocols.Http1;
        HttpConnections connections = endpoint.ApplicationServices.GetRequiredService<HttpConnections>();
        ConnectionLimit limit = connections.OpenLimit();
        endpoint.Use(next => connection => limit.RunAsync(connection, connection => connections.RunAsync(connection, next)));
        return endpoint;
    }

    /// <summary>Whether a request may read what is about the whole gateway; otherwise it throws what the front answers.</summary>
    public static async ValueTask CheckManageAsync(HttpContext context) => await context.RequestServices.GetRequiredService<HttpAccess>().CheckManageAsync(context, null);

    /// <summary>Maps the routes of the front.</summary>
    public static WebApplication UseHttpFront(this WebApplication application)
    {
        var publish = application.Services.GetRequiredService<PublishRoute>();
        var failures = application.Services.GetRequiredService<Failures>();
        application.Use(next => context => publish.TryHandle(context) ?? failures.GuardAsync(context, next));
        application.UseRouting();
        SwaggerPages.Use(application);
        Routes.Map(application);
        return application;
    }
}
