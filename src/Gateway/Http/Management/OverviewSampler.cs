using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Makes the overview from time to time while nobody looks at it, so that an alarm is there when somebody comes, and in the log and the metrics before.</summary>
internal sealed class OverviewSampler(OverviewSource source, IOptions<HttpOptions> options, TimeProvider clock, ILogger<OverviewSampler> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.AlarmInterval == TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Value.AlarmInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await source.GetAsync(stoppingToken);
            }
            catch (BridgeException failure)
            {
                HttpLog.AlarmsNotSeen(log, failure.Message);
            }
        }
    }
}
