using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Routes;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>Looks for silent brokers every so often.</summary>
internal sealed class SilentBrokerEviction(RouteTable routes, IOptions<NameServerOptions> options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.EvictionInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            routes.RemoveSilent();
    }
}
