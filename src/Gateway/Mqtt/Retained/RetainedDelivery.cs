using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Sys;

namespace ProtoBridgeMQ.Gateway.Mqtt.Retained;

/// <summary>Brings retained messages to new subscriptions, and lets those go that expired.</summary>
public sealed class RetainedDelivery : IHostedService, IDisposable
{
    private readonly MqttShared _shared;
    private readonly SysTopics _sys;
    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _timer;
    private int _removing;

    public RetainedDelivery(MqttShared shared, SysTopics sys)
    {
        _shared = shared;
        _sys = sys;
        shared.Metrics.Meter.CreateObservableUpDownCounter("mqtt.retained", () => (long)Retained.Count, "{message}", "Retained messages");
        shared.Metrics.Meter.CreateObservableUpDownCounter("mqtt.retained.bytes", () => Retained.Bytes, "By", "Bytes of retained messages in the log");
    }

    private IRetainedMessages Retained => _shared.Bridge.Retained;

    /// <summary>
    /// Sends what is retained to subscriptions that came into force [MQTT-3.3.1-9] [MQTT-3.3.1-10]. Their SUBACK is on its
    /// way; the messages follow as the client takes them. Called by the connection's reader, after
    /// <see cref="RetainedFeed.Begin"/>.
    /// </summary>
    public void Send(MqttSession session, IReadOnlyList<NewSubscription> subscriptions)
    {
        foreach (NewSubscription subscription in subscriptions)
        {
            if (SysTopics.Concerns(subscription.Filter.Span))
                _sys.SendPresent(session, subscription.Filter.Span, subscription.Subscription);
        }

        foreach (NewSubscription subscription in subscriptions)
        {
            if (session.Kept?.OwedTo(subscription.Filter.Span) is { } number and > 0)
                session.Kept.Retained.Begin(number);
        }

        session.RetainedFeed.Last = SendAsync(session, subscriptions, session.RetainedFeed.Last);
    }

    /// <summary>Goes on with what subscriptions of a session were owed when its connection ended. Its feed has begun.</summary>
    public void GoOn(MqttSession session, PersistentSession kept)
    {
        List<NewSubscription> owed = [];
        foreach (SessionSubscription subscription in kept.Record.Subscriptions)
        {
            if (subscription.IsRetainedOwed && !kept.Retained.IsDone(subscription.Number)
                && session.Subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(subscription.Filter.Span, out Subscription? restored))
            {
                owed.Add(new NewSubscription(subscription.Filter, restored) { After = kept.Retained.After(subscription.Number), MayHaveBeenSent = kept.SentUntil != default });
            }
        }

        if (owed.Count == 0)
            return;
        session.RetainedFeed.Begin();
        session.RetainedFeed.Last = SendAsync(session, owed, session.RetainedFeed.Last);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        TimeSpan interval = _shared.Options.RetainedExpiryInterval;
        _timer = _shared.Clock.CreateTimer(_ => _ = RemoveExpiredAsync(), null, interval, interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return _stopping.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _stopping.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "What goes wrong with retained messages must not end the connection; it is logged.")]
    private async Task SendAsync(MqttSession session, IReadOnlyList<NewSubscription> subscriptions, Task before)
    {
        try
        {
            if (!before.IsCompleted)
                await before.ConfigureAwait(false);
            if (subscriptions.Count > 0)
            {
                await CatchUpAsync().ConfigureAwait(false);
                if (Retained.Count > 0)
                    await session.RetainedFeed.SendAsync(_shared, subscriptions).ConfigureAwait(false);
            }
        }
        catch (Exception failed) when (failed is BridgeException or OperationCanceledException)
        {
            MqttLog.RetainedFailed(_shared.Logger, session.ClientId, failed.Message);
        }
        catch (Exception defect)
        {
            MqttLog.Defect(_shared.Logger, defect);
        }
        finally
        {
            session.RetainedFeed.End();
        }
    }

    /// <summary>Brokers that do not answer now: what is known is sent.</summary>
    private async ValueTask CatchUpAsync()
    {
        try
        {
            await Retained.CatchUpAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (BridgeException refused)
        {
            MqttLog.RetainedNotLatest(_shared.Logger, refused.Message);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A timer's call has nobody to tell; it is logged and tried again.")]
    private async Task RemoveExpiredAsync()
    {
        if (Interlocked.Exchange(ref _removing, 1) == 1)
            return;
        try
        {
            int removed = await Retained.RemoveExpiredAsync(_shared.Clock.GetUtcNow(), _stopping.Token).ConfigureAwait(false);
            if (removed > 0)
                _shared.Metrics.Dropped("retained-expired", removed);
        }
        catch (Exception failed) when (failed is BridgeException or OperationCanceledException)
        {
            MqttLog.RetainedNotLatest(_shared.Logger, failed.Message);
        }
        catch (Exception defect)
        {
            MqttLog.Defect(_shared.Logger, defect);
        }
        finally
        {
            Volatile.Write(ref _removing, 0);
        }
    }
}

/// <summary>A subscription that came into force and is to get what is retained.</summary>
/// <param name="Filter">Topic filter in UTF-8.</param>
/// <param name="Subscription">How it receives.</param>
public readonly record struct NewSubscription(ReadOnlyMemory<byte> Filter, Subscription Subscription)
{
    /// <summary>The topic name behind which it goes on; empty for the beginning.</summary>
    public ReadOnlyMemory<byte> After { get; init; }

    /// <summary>Whether an owner that crashed may have sent some of it [MQTT-3.3.1-1].</summary>
    public bool MayHaveBeenSent { get; init; }
}
