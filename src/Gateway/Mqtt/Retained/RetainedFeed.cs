using System.Buffers;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Retained;

/// <summary>
/// Retained messages on their way to one session. It searches, reads and offers a few at a time and waits while the
/// session's queue has some: neither a client that subscribes to everything nor one that does not read costs memory.
/// </summary>
/// <remarks>
/// A message that was published while its predecessor was on its way must not be followed by it. Live retained messages
/// therefore pass through <see cref="OfferLive"/>, and retained ones of the same name are left out from then on.
/// </remarks>
public sealed class RetainedFeed
{
    /// <summary>Messages found at one time.</summary>
    private const int FoundAtOnce = 64;

    /// <summary>With so much waiting in the session's queue nothing is added.</summary>
    private const int WaitingMessages = 64;

    private const long WaitingBytes = 1 << 20;

    /// <summary>Names that are remembered as newer; beyond that the oldest are forgotten, which are long delivered.</summary>
    private const int NamesRemembered = 4096;

    private readonly Lock _gate = new();
    private readonly AsyncSignal _drained = new();
    private readonly MqttSession _session;
    private HashSet<byte[]>? _newer;
    private int _running;
    private volatile bool _closed;

    public RetainedFeed(MqttSession session) => _session = session;

    /// <summary>Whether something is on its way.</summary>
    public bool IsActive => Volatile.Read(ref _running) > 0;

    /// <summary>The last call's work, for the next one to wait for; for <see cref="RetainedDelivery"/> alone.</summary>
    public Task Last { get; set; } = Task.CompletedTask;

    /// <summary>Subscriptions are about to come into force; each call is followed by one of <see cref="End"/>.</summary>
    public void Begin()
    {
        lock (_gate)
            _running++;
    }

    /// <summary>What was retained for them is on its way.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (--_running == 0)
                _newer = null;
        }
    }

    /// <summary>Sends what is retained for some subscriptions.</summary>
    public async ValueTask SendAsync(MqttShared shared, IReadOnlyList<NewSubscription> subscriptions)
    {
        using var batch = new MessageBatch();
        foreach (NewSubscription subscription in subscriptions)
            await SendAsync(shared, subscription, batch).ConfigureAwait(false);
    }

    /// <summary>A message passes that is the retained one of its name from now on.</summary>
    public EnqueueResult OfferLive(in Delivery delivery)
    {
        lock (_gate)
        {
            if (_running > 0)
            {
                _newer ??= new HashSet<byte[]>(LevelComparer.Instance);
                if (_newer.Count >= NamesRemembered)
                    _newer.Clear();
                _newer.Add(delivery.Message.Topic.ToArray());
            }

            return _session.Deliveries.TryEnqueue(delivery);
        }
    }

    /// <summary>The writer has taken deliveries.</summary>
    public void Drained() => _drained.Set();

    /// <summary>The session ends.</summary>
    public void Close()
    {
        _closed = true;
        _drained.Set();
    }

    private async ValueTask SendAsync(MqttShared shared, NewSubscription subscription, MessageBatch batch)
    {
        IRetainedMessages retained = shared.Bridge.Retained;
        var search = new RetainedSearch(subscription.Filter.Span);
        while (!search.IsDone && !_closed)
        {
            DateTimeOffset now = shared.Clock.GetUtcNow();
            retained.Continue(search, FoundAtOnce, now);
            foreach (RetainedReference found in search.Found)
            {
                await WaitForRoomAsync(found.Entry.Size).ConfigureAwait(false);
                batch.Clear();
                await retained.ReadAsync(found, batch).ConfigureAwait(false);
                if (_closed)
                    return;
                if (batch.Count > 0)
                    Offer(shared, subscription.Subscription, batch[0], now.ToUnixTimeMilliseconds());
            }
        }
    }

    private async ValueTask WaitForRoomAsync(int size)
    {
        while (!_closed && _session.Deliveries.Count > 0
            && (_session.Deliveries.Count >= WaitingMessages || _session.Deliveries.Bytes + size > WaitingBytes))
        {
            await _drained.WaitAsync().ConfigureAwait(false);
        }
    }

    private void Offer(MqttShared shared, Subscription subscription, in BridgeMessage message, long now)
    {
        byte[] name = ArrayPool<byte>.Shared.Rent(MqttTopicName.MaxLength);
        int length = TopicMapping.WriteName(message, name);
        long expiresAt = RetainedRecord.ExpiryOf(message.Properties);
        bool own = subscription.NoLocal
            && message.Properties.TryGet(MessageProperties5.ClientName, out ReadOnlySpan<byte> publisher)
            && publisher.SequenceEqual(_session.ClientIdUtf8);
        if (length > 0 && !own && !(expiresAt > 0 && expiresAt <= now))
        {
            var properties = new Codec.PropertyBlockWriter();
            MessageProperties5.FromLog(message.Properties, properties);
            OutgoingMessage outgoing = shared.RetainedPool.Rent();
            outgoing.Open(name.AsSpan(0, length), properties.Block.Bytes.Span, message.Body.Span, expiresAt);
            byte qos = Math.Min(subscription.Qos, MessageProperties5.QosOf(message.Properties));
            // [MQTT-3.3.1-8] of 3.1.1, 3.3.1.3 of 5: sent because of a new subscription.
            Offer(new Delivery(outgoing, qos, true, default(SubscriptionIdentifiers).With(subscription.Identifier)));
            outgoing.Release();
        }

        ArrayPool<byte>.Shared.Return(name);
    }

    private void Offer(in Delivery delivery)
    {
        lock (_gate)
        {
            if (_newer?.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(delivery.Message.Topic) == true)
                return;
            _session.Offer(delivery);
        }
    }
}
