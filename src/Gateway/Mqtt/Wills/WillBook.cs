using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>
/// The wills of all clients: kept durably from CONNECT on, deleted by a goodbye, published when a connection ended
/// otherwise and the delay is over. After a crash those of the dead connections are published when the gateway starts.
/// </summary>
/// <remarks>
/// What happens to one client's will happens one after the other. A will that is published is marked first, so that
/// after a crash in between the log is looked at for its message: it is published once.
/// </remarks>
public sealed class WillBook : BackgroundService, ISessionPart
{
    private const int Lanes = 1024;
    private const int AtOnce = 64;

    /// <summary>By when every gateway knows what another one wrote.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, KeptWill> _wills = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly WillSchedule _schedule;
    private readonly WillStore _store;
    private readonly WillPublisher _publisher;
    private readonly GatewayPresence _presence;
    private readonly MqttOptions _options;
    private readonly MqttMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<WillBook> _logger;
    private PeriodicTimer? _ticks;

    public WillBook(WillStore store, WillPublisher publisher, GatewayPresence presence, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, ILogger<WillBook> logger)
    {
        _store = store;
        _publisher = publisher;
        _presence = presence;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _schedule = new WillSchedule(_options.PendingWills);
        metrics.Meter.CreateObservableUpDownCounter("mqtt.wills.kept", () => _wills.Count, "{message}", "Wills of connections, and those that wait for their delay");
        metrics.Meter.CreateObservableUpDownCounter("mqtt.wills.scheduled", () => _schedule.Count, "{message}", "Wills that wait for their delay or to be tried again");
    }

    /// <summary>The will of a CONNECT as it is kept; nothing of the client is touched yet.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="will">The will, if any; its memory is copied.</param>
    /// <param name="sessionExpirySeconds">How long the session outlives its connection.</param>
    /// <returns>Null for none.</returns>
    /// <exception cref="BridgeException">It can be no message.</exception>
    public KeptWill? Prepare(string clientId, Will? will, uint sessionExpirySeconds)
    {
        if (will is null)
            return null;
        KeptWill kept = Keep(will, sessionExpirySeconds);
        _publisher.ThrowIfImpossible(clientId, kept);
        return kept;
    }

    /// <summary>
    /// A CONNECT was accepted, and the client's connection before has ended. The will that was left is published or
    /// dropped; the new one is durable when this completes.
    /// </summary>
    /// <param name="clientId">The client.</param>
    /// <param name="kept">The new will, if any.</param>
    /// <param name="cleanStart">Whether the session before ends by this CONNECT.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BridgeException">It cannot be kept.</exception>
    public async ValueTask BeginAsync(string clientId, KeptWill? kept, bool cleanStart, CancellationToken cancellationToken)
    {
        SemaphoreSlim lane = await EnterAsync(clientId, cancellationToken).ConfigureAwait(false);
        try
        {
            if (await FindAsync(clientId, cancellationToken).ConfigureAwait(false) is { } before)
            {
                // 3.1.4: the session goes on and its will had a delay: it is not sent [MQTT-3.1.3-9].
                if (cleanStart || before.DelaySeconds == 0 || IsDue(before))
                    await PublishAsync(clientId, before).ConfigureAwait(false);
                else if (kept is null)
                    await ForgetAsync(clientId, "cancelled").ConfigureAwait(false);
                else
                    _metrics.Will("cancelled");
            }

            if (kept is null)
                return;
            if (_store.IsDurable)
                await _store.PutAsync(clientId, kept, CancellationToken.None).ConfigureAwait(false);
            _wills[clientId] = kept;
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>A connection with a will has ended. It does not fail: what cannot be done now is tried again.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="will">The connection's will.</param>
    /// <param name="fate">What the end means for it.</param>
    /// <param name="sessionExpirySeconds">How long the session outlives the connection.</param>
    public async ValueTask EndAsync(string clientId, KeptWill will, WillFate fate, uint sessionExpirySeconds)
    {
        SemaphoreSlim lane = await EnterAsync(clientId, CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (!_wills.TryGetValue(clientId, out KeptWill? present) || !present.Is(will))
                return;
            if (fate == WillFate.Delete)
                await ForgetAsync(clientId, "deleted").ConfigureAwait(false);
            else if (fate == WillFate.Defer && _store.IsDurable)
                _wills.TryRemove(clientId, out _);
            else
                await EndAsync(clientId, present with { DelaySeconds = Math.Min(present.DelaySeconds, sessionExpirySeconds) }).ConfigureAwait(false);
        }
        catch (BridgeException failure)
        {
            Retry(clientId, will, failure);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <inheritdoc/>
    /// <remarks>A will that waits for its delay waits no longer [MQTT-3.1.2-8].</remarks>
    public async ValueTask OnSessionEndedAsync(string clientId, CancellationToken cancellationToken)
    {
        SemaphoreSlim lane = await EnterAsync(clientId, cancellationToken).ConfigureAwait(false);
        try
        {
            if (await FindAsync(clientId, cancellationToken).ConfigureAwait(false) is { DueAt: > 0 } will)
                await PublishAsync(clientId, will).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TakeLeftAsync(cancellationToken).ConfigureAwait(false);
        _ticks = new PeriodicTimer(_options.DeadlineResolution, _clock);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _ticks?.Dispose();
        foreach (SemaphoreSlim lane in _lanes)
            lane.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "One will must not keep the others from being published.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long swept = _clock.GetTimestamp();
        try
        {
            while (await _ticks!.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    if (_store.IsShared && _clock.GetElapsedTime(swept) >= GatewayPresence.Interval)
                    {
                        swept = _clock.GetTimestamp();
                        await TakeLeftAsync(stoppingToken).ConfigureAwait(false);
                    }

                    await PublishDueAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (BridgeException failure)
                {
                    WillLog.SweepFailed(_logger, failure.Message);
                }
                catch (Exception defect) when (defect is not OperationCanceledException)
                {
                    MqttLog.Defect(_logger, defect);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What waits is in the log.
        }
    }

    private KeptWill Keep(Will will, uint sessionExpirySeconds) => new()
    {
        Id = new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)),
        Owner = _presence.Name,
        Topic = System.Text.Encoding.UTF8.GetBytes(will.Topic),
        Payload = will.Payload.ToArray(),
        Qos = will.Qos,
        Retain = will.Retain,
        Properties = will.Properties.Bytes.ToArray(),
        DelaySeconds = Math.Min(will.Properties.GetNumber(PropertyId.WillDelayInterval, 0), sessionExpirySeconds),
    };

    private async ValueTask<SemaphoreSlim> EnterAsync(string clientId, CancellationToken cancellationToken)
    {
        SemaphoreSlim lane = _lanes[(uint)StringComparer.Ordinal.GetHashCode(clientId) % Lanes];
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        return lane;
    }

    /// <summary>The client's will, also one that another gateway has.</summary>
    private async ValueTask<KeptWill?> FindAsync(string clientId, CancellationToken cancellationToken)
    {
        if (_store.IsDurable)
            return await _store.FindAsync(clientId, cancellationToken).ConfigureAwait(false);
        return _wills.GetValueOrDefault(clientId);
    }

    private async ValueTask EndAsync(string clientId, KeptWill will)
    {
        if (will.DelaySeconds > 0)
        {
            long dueAt = _clock.GetUtcNow().ToUnixTimeMilliseconds() + (will.DelaySeconds * 1000L);
            KeptWill waiting = will with { DueAt = dueAt };
            // Another gateway may have taken the client over after it had waited in vain.
            if (_store.IsShared && (await FindAsync(clientId, CancellationToken.None).ConfigureAwait(false))?.Is(will) != true)
            {
                _wills.TryRemove(clientId, out _);
                return;
            }

            if (_schedule.TryAdd(new WillName(clientId, will.Id), dueAt, IsThere))
            {
                _wills[clientId] = waiting;
                if (_store.IsDurable)
                    await _store.PutAsync(clientId, waiting, CancellationToken.None).ConfigureAwait(false);
                return;
            }

            _metrics.Will("cut-short");
        }

        // Another gateway may have taken the client over, and with it the will.
        if (await FindAsync(clientId, CancellationToken.None).ConfigureAwait(false) is { } kept && kept.Is(will))
            await PublishAsync(clientId, will).ConfigureAwait(false);
        else
            _wills.TryRemove(clientId, out _);
    }

    private bool IsDue(KeptWill will) => will.DueAt > 0 && will.DueAt <= _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private bool IsThere(WillName will) => _wills.TryGetValue(will.ClientId, out KeptWill? present) && present.Id == will.Id;

    /// <summary>Publishes a will and removes it. What the log refuses for good is dropped and counted.</summary>
    /// <exception cref="BridgeException">It can be tried again.</exception>
    private async ValueTask PublishAsync(string clientId, KeptWill will)
    {
        string result = "published";
        if (!await _publisher.IsPublishedAsync(will, CancellationToken.None).ConfigureAwait(false))
        {
            if (_store.IsDurable)
            {
                will = will with { PublishingSince = _clock.GetUtcNow().ToUnixTimeMilliseconds() };
                await _store.PutAsync(clientId, will, CancellationToken.None).ConfigureAwait(false);
                if (_wills.ContainsKey(clientId))
                    _wills[clientId] = will;
            }

            try
            {
                await _publisher.PublishAsync(clientId, will).ConfigureAwait(false);
            }
            catch (BridgeException refusal) when (IsForGood(refusal.Error))
            {
                result = "refused";
                WillLog.Refused(_logger, clientId, refusal.Message);
            }
        }

        await ForgetAsync(clientId, result).ConfigureAwait(false);
    }

    private static bool IsForGood(BridgeError error)
        => error is not (BridgeError.Busy or BridgeError.ReadOnly or BridgeError.Unreachable or BridgeError.Timeout or BridgeError.Internal);

    private async ValueTask ForgetAsync(string clientId, string result)
    {
        _wills.TryRemove(clientId, out _);
        _metrics.Will(result);
        if (_store.IsDurable)
            await _store.DeleteAsync(clientId, CancellationToken.None).ConfigureAwait(false);
    }

    private void Retry(string clientId, KeptWill will, BridgeException failure)
    {
        WillLog.Delayed(_logger, clientId, failure.Message, _options.WillRetry);
        _schedule.Add(new WillName(clientId, will.Id), (_clock.GetUtcNow() + _options.WillRetry).ToUnixTimeMilliseconds());
    }

    private async ValueTask PublishDueAsync(CancellationToken stoppingToken)
    {
        var running = new List<Task>();
        while (_schedule.TryTake(_clock.GetUtcNow().ToUnixTimeMilliseconds(), out WillName due))
        {
            stoppingToken.ThrowIfCancellationRequested();
            running.Add(PublishDueAsync(due));
            if (running.Count < AtOnce)
                continue;
            await Task.WhenAll(running).ConfigureAwait(false);
            running.Clear();
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task PublishDueAsync(WillName due)
    {
        SemaphoreSlim lane = await EnterAsync(due.ClientId, CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (!IsThere(due))
                return;
            KeptWill will = _wills[due.ClientId];
            if (await FindAsync(due.ClientId, CancellationToken.None).ConfigureAwait(false) is { } kept && kept.Is(will) && kept.Owner == will.Owner)
                await PublishAsync(due.ClientId, will).ConfigureAwait(false);
            else
                _wills.TryRemove(due.ClientId, out _);
        }
        catch (BridgeException failure)
        {
            if (_wills.TryGetValue(due.ClientId, out KeptWill? will))
                Retry(due.ClientId, will, failure);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>
    /// Takes over the wills that gateways left which are no more. Brokers that no other gateway works on have left-over
    /// wills of this one's earlier lives only.
    /// </summary>
    private async ValueTask TakeLeftAsync(CancellationToken cancellationToken)
    {
        if (!_store.IsDurable)
            return;
        if (_store.IsShared)
            await _presence.SayAsync(cancellationToken).ConfigureAwait(false);
        var writing = new List<Task>();
        await foreach ((string clientId, KeptWill will) in _store.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (will.Owner == _presence.Name || (_store.IsShared && await IsThereAsync(will.Owner, cancellationToken).ConfigureAwait(false)))
                continue;
            writing.Add(TakeAsync(clientId, will, cancellationToken));
            if (writing.Count < AtOnce)
                continue;
            await Task.WhenAll(writing).ConfigureAwait(false);
            writing.Clear();
        }

        await Task.WhenAll(writing).ConfigureAwait(false);
    }

    private async ValueTask<bool> IsThereAsync(string gateway, CancellationToken cancellationToken)
    {
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        return await _presence.LastSeenAsync(gateway, cancellationToken).ConfigureAwait(false) >= now;
    }

    private async Task TakeAsync(string clientId, KeptWill will, CancellationToken cancellationToken)
    {
        SemaphoreSlim lane = await EnterAsync(clientId, cancellationToken).ConfigureAwait(false);
        try
        {
            // The client may have come here meanwhile.
            if (await FindAsync(clientId, cancellationToken).ConfigureAwait(false) is not { } kept || !kept.Is(will) || kept.Owner != will.Owner)
                return;
            long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
            // Where several gateways take it, the last one written has it: the others see that before it is due.
            long earliest = _store.IsShared ? now + (long)SettleTime.TotalMilliseconds : now;
            long dueAt = will.DueAt > 0 ? will.DueAt : now + (will.DelaySeconds * 1000L);
            KeptWill taken = will with { Owner = _presence.Name, DueAt = dueAt };
            await _store.PutAsync(clientId, taken, CancellationToken.None).ConfigureAwait(false);
            _wills[clientId] = taken;
            _schedule.Add(new WillName(clientId, will.Id), Math.Max(dueAt, earliest));
        }
        finally
        {
            lane.Release();
        }
    }
}
