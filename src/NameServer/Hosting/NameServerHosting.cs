using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>Puts a name server into a host: its own executable, or the gateway's process.</summary>
public static class NameServerHosting
{
    /// <summary>Adds the name server's services; <see cref="UseNameServer"/> gives it a port.</summary>
    public static IServiceCollection AddNameServer(this IServiceCollection services, Action<NameServerOptions>? configure = null)
    {
        var options = services.AddOptions<NameServerOptions>().ValidateDataAnnotations().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LiveSettings>();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<ConfigTable>();
        services.AddSingleton<NameServerConnectionHandler>();
        services.AddHostedService<MinBrokerIdNotices>();
        services.AddHostedService<SilentBrokerEviction>();
        return services;
    }

    /// <summary>Serves the name server's protocol on an endpoint of Kestrel.</summary>
    public static ListenOptions UseNameServer(this ListenOptions listen)
    {
        listen.UseConnectionHandler<NameServerConnectionHandler>();
        return listen;
    }
}
