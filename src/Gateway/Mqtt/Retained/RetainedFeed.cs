using System.Buffers;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Gateway.Mqtt.Retained;

/// <summary>
/// Retained messages on their way to one session. It searches, reads and offers a few at a time and waits while the
/// session's queue has some: neither a client that subscribes to everything nor one that does not read costs memory.
/// </summary>
/// <remarks>
/// A message that was published while its predecessor was on its way must not be followed by it. Live retained messages
/// therefore pass through <see cref="OfferLive"/>, and retained ones of the same name are left out from then on.
/// <para>Above QoS 0, those of a session that outlives its connection wait here for its <see cref="SessionFeed"/>, which gives them packet
/// identifiers that are kept: what is in flight is sent again to the next connection [MQTT-4.4.0-1].</para>
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
    private readonly Queue<RetainedWaiting> _waiting = [];
    private long _waitingBytes;
    private HashSet<byte[]>? _newer;
    private int _running;
    private volatile bool _closed;

    public RetainedFeed(MqttSession session) => _session = session;

    /// <summary>Whether something is on its way.</summary>
    public bool IsActive => Volatile.Read(ref _running) > 0;

    /// <summary>The last call's work, for the next one to wait for; for <see cref="RetainedDelivery"/> alone.</summary>
    public Task Last { get; set; } = Task.CompletedTask;

    /// <summary>Whether something waits for the feed of the session.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_gate)
                return _waiting.Count > 0;
        }
    }

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
            EndOne();
    }

    /// <summary>Takes what waits for a packet identifier; the caller has its reference, and hands it back to <see cref="OfferTaken"/>.</summary>
    public bool TryTake(out RetainedWaiting taken)
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out taken))
                return false;
            _waitingBytes -= taken.IsEnd ? 0 : taken.Delivery.Message.Size;
            return true;
        }
    }

    /// <summary>What was taken was the end of what a subscription is owed.</summary>
    public void EndTaken() => End();

    /// <summary>Offers what was taken, with its packet identifier; false when a newer message of its name went before it.</summary>
    public bool OfferTaken(in Delivery delivery)
    {
        lock (_gate)
        {
            bool isNewest = !IsSuperseded(delivery);
            if (isNewest)
                _session.Offer(delivery);
            EndOne();
            return isNewest;
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
        lock (_gate)
        {
            _closed = true;
            foreach (RetainedWaiting waiting in _waiting.Where(waiting => !waiting.IsEnd))
                waiting.Delivery.Message.Release();
            _waiting.Clear();
        }

        _drained.Set();
    }

    private async ValueTask SendAsync(MqttShared shared, NewSubscription subscription, MessageBatch batch)
    {
        IRetainedMessages retained = shared.Bridge.Retained;
        uint number = _session.Kept?.OwedTo(subscription.Filter.Span) ?? 0;
        var search = subscription.After.IsEmpty ? new RetainedSearch(subscription.Filter.Span) : new RetainedSearch(subscription.Filter.Span, subscription.After.Span);
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
                    Offer(shared, subscription, number, batch[0], now.ToUnixTimeMilliseconds());
            }
        }

        if (number > 0 && _session.Kept?.Feed is { } feed)
            Wait(new RetainedWaiting(default, 0, 0) { Number = number, IsEnd = true }, feed);
    }

    private async ValueTask WaitForRoomAsync(int size)
    {
        while (!_closed && IsFull(size))
            await _drained.WaitAsync().ConfigureAwait(false);
    }

    private bool IsFull(int size)
    {
        int count = _session.Deliveries.Count;
        long bytes = _session.Deliveries.Bytes;
        lock (_gate)
        {
            count += _waiting.Count;
            bytes += _waitingBytes;
        }

        return count > 0 && (count >= WaitingMessages || bytes + size > WaitingBytes);
    }

    private void Offer(MqttShared shared, in NewSubscription owed, uint number, in BridgeMessage message, long now)
    {
        Subscription subscription = owed.Subscription;
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
            var delivery = new Delivery(outgoing, qos, true, default(SubscriptionIdentifiers).With(subscription.Identifier));
            if (qos > 0 && _session.Kept?.Feed is { } feed)
                Wait(new RetainedWaiting(delivery with { Dup = qos == 1 && owed.MayHaveBeenSent }, subscription.Identifier, message.QueueOffset) { Number = number }, feed);
            else
                Offer(delivery);
            outgoing.Release();
        }

        ArrayPool<byte>.Shared.Return(name);
    }

    private void Wait(in RetainedWaiting waiting, SessionFeed feed)
    {
        // What has a packet identifier is not looked at any more.
        if (!waiting.IsEnd && _session.Access?.MayReceive(waiting.Delivery.Message.Topic) == false)
            return;
        lock (_gate)
        {
            if (_closed)
                return;
            if (!waiting.IsEnd)
            {
                waiting.Delivery.Message.AddReference();
                _waitingBytes += waiting.Delivery.Message.Size;
            }

            _waiting.Enqueue(waiting);
            _running++;
        }

        feed.Wake();
    }

    private void Offer(in Delivery delivery)
    {
        lock (_gate)
        {
            if (!IsSuperseded(delivery))
                _session.Offer(delivery);
        }
    }

    private bool IsSuperseded(in Delivery delivery) => _newer?.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(delivery.Message.Topic) == true;

    private void EndOne()
    {
        if (--_running == 0)
            _newer = null;
    }
}

/// <summary>A retained message above QoS 0 that waits for a packet identifier.</summary>
/// <param name="Delivery">Without an identifier.</param>
/// <param name="Identifier">Subscription identifier; 0 for none.</param>
/// <param name="Offset">Where its record is among the retained messages.</param>
public readonly record struct RetainedWaiting(Delivery Delivery, uint Identifier, long Offset)
{
    /// <summary>The subscription of a kept session that it is owed to; 0 for none.</summary>
    public uint Number { get; init; }

    /// <summary>Whether it is no message, but the end of what the subscription is owed.</summary>
    public bool IsEnd { get; init; }
}
