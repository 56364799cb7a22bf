using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>
/// Starts a cluster's producer and consumers with the host, and stops them gracefully. A cluster that is away does not fail the start: its
/// consumers are tried again. What can never work does: the host stops.
/// </summary>
internal sealed class ClusterService(
    ClusterKey key,
    IServiceProvider services,
    IEnumerable<HostedConsumer> consumers,
    IOptionsMonitor<ProtoBridgeMqOptions> options,
    IServiceScopeFactory scopes,
    ILogger<ClusterService> log) : BackgroundService
{
    private const int LongestPause = 8;

    private readonly List<PushConsumer> _started = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Sends need no cluster to be there at the start.
        await ProtoBridgeMqServices.Get<Producer>(services, key.Value).StartAsync(cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(_started.Select(consumer => consumer.DisposeAsync().AsTask())).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ClusterConnection connection = ProtoBridgeMqServices.Get<ClusterConnection>(services, key.Value);
        foreach (HostedConsumer consumer in consumers.Where(consumer => consumer.Key == key.Value))
        {
            PushConsumer made = consumer.Make(connection, scopes);
            _started.Add(made);
            await StartAsync(made, consumer, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task StartAsync(PushConsumer consumer, HostedConsumer described, CancellationToken stoppingToken)
    {
        ProtoBridgeMqOptions now = options.Get(key.OptionsName);
        for (int pause = 1; ; pause = Math.Min(pause * 2, LongestPause))
        {
            try
            {
                await consumer.StartAsync(stoppingToken).ConfigureAwait(false);
                return;
            }
            catch (ProtoBridgeMqException error) when (error is not RequestRefusedException { Reason: RefusalReason.FilterInvalid })
            {
                log.ConsumerNotStarted(described.Options.Group, error.Message);
                await Task.Delay(now.StartRetryPause * pause, now.Client.TimeProvider, stoppingToken).ConfigureAwait(false);
            }
        }
    }
}
