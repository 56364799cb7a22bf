using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>
/// Brings messages from the log to sessions: receives a batch, finds each message's MQTT name, matches it once for all
/// sessions and offers it to those that match. It never waits for a session.
/// </summary>
public sealed class DeliveryRouter : BackgroundService, IRuleReader
{
    private readonly TailStream _stream;
    private readonly TopicSelectionCount _needed = new();
    private readonly SubscriptionTree _subscriptions = new();
    private readonly OutgoingEncoder _encoder = new(new OutgoingMessagePool());
    private readonly MatchSet _matches = new();
    private readonly MqttOptions _options;
    private readonly MqttMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<DeliveryRouter> _logger;
    private readonly IDisposable _ruleChanges;

    public DeliveryRouter(IMessageBridge bridge, NameMapping mapping, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, ILogger<DeliveryRouter> logger)
    {
        _stream = new TailStream(bridge, _needed);
        AnnounceTopicsOf(mapping.Rules);
        _ruleChanges = mapping.Follow(this);
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        metrics.Meter.CreateObservableUpDownCounter("mqtt.subscriptions", () => _subscriptions.Count, "{subscription}", "Subscriptions in force");
    }

    /// <summary>
    /// Puts a subscription in force: when it completes, a message that is acknowledged from then on will be received
    /// [MQTT-3.8.4-1]. Answers the subscription that it replaced.
    /// </summary>
    /// <exception cref="BridgeException">The bridge refused; nothing has changed but that a replaced subscription is gone.</exception>
    public async ValueTask<Subscription?> SubscribeAsync(ReadOnlyMemory<byte> filter, Subscription subscription, CancellationToken cancellationToken)
    {
        _needed.Add(subscription.Topic);
        Subscription? before = _subscriptions.Add(filter.Span, subscription);
        if (before is not null)
            Forget(before);
        try
        {
            await _stream.CoverAsync(subscription.Topic, cancellationToken).ConfigureAwait(false);
            return before;
        }
        catch
        {
            Unsubscribe(filter.Span, subscription.Subscriber);
            throw;
        }
    }

    /// <summary>Subscriptions in force.</summary>
    public int Subscriptions => _subscriptions.Count;

    /// <summary>Finds the subscribers of a message that does not come from the log.</summary>
    public void Match(ReadOnlySpan<byte> name, MatchSet into) => _subscriptions.Match(name, default, into);

    /// <summary>Counts a topic that subscriptions will need, so that the next cover takes it along; null for all topics.</summary>
    public void Announce(string? topic) => _needed.Add(topic);

    /// <summary>Takes an announcement back, once the subscriptions are made.</summary>
    public void Retract(string? topic)
    {
        if (_needed.Remove(topic))
            _stream.Shrink();
    }

    /// <summary>Topics of rules are read whatever the subscriptions are: any name may go there.</summary>
    public async ValueTask PrepareAsync(RuleSet next, CancellationToken cancellationToken)
    {
        AnnounceTopicsOf(next);
        await _stream.CoverAllIfOpenAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends a subscription; false when there was none.</summary>
    public bool Unsubscribe(ReadOnlySpan<byte> filter, ISubscriber subscriber)
    {
        Subscription? removed = _subscriptions.Remove(filter, subscriber);
        if (removed is not null)
            Forget(removed);
        return removed is not null;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _ruleChanges.Dispose();
        _subscriptions.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "A broken stream or message must not end delivery; it is logged and the stream opened again.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var batch = new MessageBatch();
        try
        {
            while (true)
            {
                try
                {
                    await _stream.ReceiveAsync(batch, _options.DeliveryBatch, stoppingToken).ConfigureAwait(false);
                    Route(batch);
                }
                catch (Exception broken) when (broken is not OperationCanceledException)
                {
                    await ReopenAsync(broken, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is tried until it works.")]
    private async ValueTask ReopenAsync(Exception broken, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (broken is BridgeException)
                MqttLog.StreamBroke(_logger, broken.Message, _options.StreamRetry);
            else
                MqttLog.Defect(_logger, broken);
            await CloseBrokenAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(_options.StreamRetry, _clock, cancellationToken).ConfigureAwait(false);
            try
            {
                await _stream.OpenIfClosedAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception again) when (again is not OperationCanceledException)
            {
                broken = again;
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is broken already; how it ends does not matter.")]
    private async ValueTask CloseBrokenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _stream.CloseBrokenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception again) when (again is not OperationCanceledException)
        {
            MqttLog.StreamBroke(_logger, again.Message, _options.StreamRetry);
        }
    }

    /// <summary>They stay announced: what former rules wrote may still be on its way.</summary>
    private void AnnounceTopicsOf(RuleSet rules)
    {
        if (rules.Topics is not { } topics)
            _needed.Add(null);
        else
            foreach (string topic in topics)
                _needed.Add(topic);
    }

    private void Forget(Subscription subscription)
    {
        if (_needed.Remove(subscription.Topic))
            _stream.Shrink();
    }

    [SuppressMessage("Design", "CA1031", Justification = "One message must not keep the others from being delivered.")]
    private void Route(MessageBatch batch)
    {
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (int i = 0; i < batch.Count; i++)
        {
            try
            {
                Route(batch[i], now);
            }
            catch (Exception defect)
            {
                _metrics.Dropped("defect");
                MqttLog.Defect(_logger, defect);
            }
        }
    }

    private void Route(in BridgeMessage message, long now)
    {
        ReadOnlySpan<byte> name = _encoder.NameOf(message);
        if (name.IsEmpty)
        {
            _metrics.Dropped("no-topic-name");
            return;
        }

        _matches.Clear();
        message.Properties.TryGet(MessageProperties5.ClientName, out ReadOnlySpan<byte> publisher);
        _subscriptions.Match(name, publisher, _matches);
        if (_matches.Count == 0)
            return;

        long expiresAt = OutgoingEncoder.ExpiryOf(message);
        if (expiresAt > 0 && expiresAt <= now)
        {
            // [MQTT-3.3.2-5]
            _metrics.Dropped("expired", _matches.Count);
            return;
        }

        OutgoingMessage outgoing = _encoder.Open(message, name, expiresAt);
        byte published = MessageProperties5.QosOf(message.Properties);
        bool retained = outgoing.IsRetained;
        for (int i = 0; i < _matches.Count; i++)
        {
            MatchSet.Matched match = _matches[i];
            // [MQTT-3.8.4-8]; the flag: [MQTT-3.3.1-12] [MQTT-3.3.1-13]
            match.Subscriber.Offer(new Delivery(outgoing, Math.Min(match.Qos, published), retained && match.RetainAsPublished, match.Identifiers));
        }

        outgoing.Release();
    }
}
