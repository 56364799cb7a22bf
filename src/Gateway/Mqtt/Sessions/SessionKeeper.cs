using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Says that this gateway is there, has progress saved now and then, and ends sessions whose time is over.</summary>
public sealed class SessionKeeper : BackgroundService
{
    private readonly SessionBook _book;
    private readonly GatewayPresence _presence;
    private readonly MqttOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<SessionKeeper> _logger;
    private ITimer? _saving;

    public SessionKeeper(SessionBook book, GatewayPresence presence, IOptions<MqttOptions> options, TimeProvider clock, ILogger<SessionKeeper> logger)
    {
        _book = book;
        _presence = presence;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_book.CanKeep)
        {
            await _book.LoadAsync(cancellationToken).ConfigureAwait(false);
            _saving = _clock.CreateTimer(static book => ((SessionBook)book!).SaveAll(), _book, _options.SessionSaveInterval, _options.SessionSaveInterval);
        }

        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _saving?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_book.CanKeep)
            return;
        long said = long.MinValue;
        while (true)
        {
            try
            {
                long now = _clock.GetTimestamp();
                if (said == long.MinValue || _clock.GetElapsedTime(said, now) >= GatewayPresence.Interval)
                {
                    await _presence.SayAsync(stoppingToken).ConfigureAwait(false);
                    said = now;
                }

                await _presence.ForgetAsync(await _book.SweepAsync(stoppingToken).ConfigureAwait(false), stoppingToken).ConfigureAwait(false);
            }
            catch (BridgeException failed)
            {
                SessionLog.SweepFailed(_logger, failed.Message);
            }

            await Task.Delay(_options.SessionSweepInterval, _clock, stoppingToken).ConfigureAwait(false);
        }
    }
}
