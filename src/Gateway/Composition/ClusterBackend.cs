using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Cluster;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Brokers of other processes: nothing of theirs is started here.</summary>
internal sealed class ClusterBackend(GatewayOptions options) : IBackend
{
    public void Add(IServiceCollection services, IConfiguration configuration)
        => services.AddOptions<ClusterOptions>()
            .Configure(cluster =>
            {
                configuration.GetSection("cluster").Bind(cluster);
                cluster.NameServers = options.Namesrv;
            })
            .ValidateDataAnnotations()
            .ValidateOnStart();

    public void Listen(KestrelServerOptions kestrel, IPAddress address, Listeners listeners)
    {
    }

    public async ValueTask<IMessageBridge> OpenAsync(IServiceProvider services, CancellationToken cancellationToken)
        => await ClusterBridge.OpenAsync(
            services.GetRequiredService<IOptions<ClusterOptions>>().Value,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>(),
            cancellationToken);

    public Task WaitUntilReadyAsync(IServiceProvider services, CancellationToken cancellationToken) => Task.CompletedTask;
}
