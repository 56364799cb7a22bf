using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>
/// The shared subscriptions of one connection, and the messages of their groups that it holds. They are as many as the
/// client's receive maximum at most: what a client has not asked for stays with the group, for others. All of it ends
/// with the connection; a session keeps only that it has the subscriptions.
/// </summary>
/// <remarks>Subscribing is the reader's; the subscriptions' pumps, the writer and the reader meet at the gate.</remarks>
public sealed class ConnectionShares
{
    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], SharedSubscription> _byFilter = new(LevelComparer.Instance);
    private readonly HashSet<SharedSubscription> _leaving = [];
    private readonly Dictionary<ushort, SharedDelivery> _inFlight = [];
    private readonly Stack<SharedDelivery> _spare = new();
    private readonly MqttConnection _connection;
    private readonly MqttSession _session;
    private readonly int _maximum;
    private int _held;
    private Task? _closed;

    /// <summary>Makes the empty table of a connection.</summary>
    public ConnectionShares(MqttConnection connection, MqttSession session)
    {
        _connection = connection;
        _session = session;
        _maximum = Math.Min(session.Limits.ReceiveMaximum, connection.Shared.Options.DeliveryWindow);
    }

    /// <summary>How many subscriptions there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byFilter.Count;
        }
    }

    /// <summary>The filters of the subscriptions as text, in no order.</summary>
    /// <param name="max">At most so many.</param>
    public IReadOnlyList<string> CopyFilters(int max)
    {
        lock (_gate)
            return [.. _byFilter.Keys.Take(max).Select(filter => System.Text.Encoding.UTF8.GetString(filter))];
    }

    /// <summary>Whether the client has that subscription.</summary>
    public bool Contains(ReadOnlySpan<byte> filter)
    {
        lock (_gate)
            return _byFilter.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(filter);
    }

    /// <summary>Joins the group, or changes how the client receives from it.</summary>
    /// <param name="filter">Group and filter.</param>
    /// <param name="qos">Granted QoS: 0 or 1.</param>
    /// <param name="identifier">Subscription identifier; 0 for none.</param>
    /// <param name="cancellationToken">The connection's end.</param>
    /// <exception cref="BridgeException">The group is not possible, or uses another filter.</exception>
    public async ValueTask SubscribeAsync(SharedFilter filter, byte qos, uint identifier, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_byFilter.TryGetValue(filter.Whole, out SharedSubscription? known))
            {
                known.Change(qos, identifier);
                return;
            }
        }

        var subscription = new SharedSubscription(this, _connection, filter, qos, identifier);
        await subscription.OpenAsync(cancellationToken).ConfigureAwait(false);
        bool tooLate;
        lock (_gate)
        {
            tooLate = _closed is not null;
            if (!tooLate)
                _byFilter.Add(filter.Whole, subscription);
        }

        if (tooLate)
            await subscription.CloseAsync().ConfigureAwait(false);
        else
            _connection.Shared.SharedTopics.Add(subscription);
    }

    /// <summary>Takes nothing more from the group; what is on its way to the client may still be acknowledged
    /// [MQTT-3.10.4-3]. False when there was no such subscription.</summary>
    public async ValueTask<bool> UnsubscribeAsync(ReadOnlyMemory<byte> filter)
    {
        SharedSubscription? removed;
        lock (_gate)
        {
            if (!_byFilter.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter.Span, out _, out removed))
                return false;
            _leaving.Add(removed);
        }

        _connection.Shared.SharedTopics.Remove(removed);
        await removed.StopAsync().ConfigureAwait(false);
        bool isLast;
        lock (_gate)
            isLast = removed.Held == 0 && _leaving.Remove(removed);
        if (isLast)
            await removed.CloseAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>The client acknowledged a PUBLISH; false when it was none of a group.</summary>
    public bool Acknowledged(ushort packetId, ReasonCode reason)
    {
        SharedDelivery? delivery;
        lock (_gate)
        {
            if (!_inFlight.Remove(packetId, out delivery))
                return false;
        }

        Settle(delivery, (byte)reason >= 0x80 ? SharedOutcome.Rejected : SharedOutcome.Accepted);
        return true;
    }

    /// <summary>The connection ends: everything that it holds goes back to its groups at once. Once is enough.</summary>
    public Task CloseAsync()
    {
        SharedSubscription[] all;
        lock (_gate)
        {
            if (_closed is not null)
                return _closed;
            all = [.. _byFilter.Values, .. _leaving];
            _byFilter.Clear();
            _leaving.Clear();
            _inFlight.Clear();
            _closed = Task.CompletedTask;
        }

        Array.ForEach(all, _connection.Shared.SharedTopics.Remove);
        return _closed = Task.WhenAll(all.Select(subscription => subscription.CloseAsync()));
    }

    /// <summary>How many messages more the client may be given.</summary>
    internal int Room
    {
        get
        {
            lock (_gate)
                return _maximum - _held;
        }
    }

    /// <summary>Offers a message to the client.</summary>
    internal void Offer(SharedSubscription owner, IMessageStream stream, in BridgeMessage message, OutgoingMessage outgoing, byte qos, uint identifier, bool matches)
    {
        SharedDelivery held;
        lock (_gate)
        {
            held = _spare.TryPop(out SharedDelivery? spare) ? spare : new SharedDelivery(this);
            held.Owner = owner;
            held.Stream = stream;
            held.Id = message.Delivery;
            held.Attempt = message.Attempt;
            owner.Held++;
            _held++;
        }

        if (!matches)
        {
            Settle(held, SharedOutcome.Undeliverable);
            return;
        }

        var delivery = new Delivery(outgoing, qos, false, default(SubscriptionIdentifiers).With(identifier)) { Share = held, Missing = (int)Math.Min(int.MaxValue, message.Missing) };
        switch (_session.Deliveries.TryEnqueue(delivery))
        {
            case EnqueueResult.Queued:
                _connection.WakeWriter();
                break;
            case EnqueueResult.Full:
                Settle(held, SharedOutcome.NoRoom);
                break;
            default:
                // The connection ends, and gives back what it has.
                break;
        }
    }

    internal void Written(SharedDelivery delivery, ushort packetId)
    {
        if (packetId == 0)
        {
            Settle(delivery, SharedOutcome.Accepted);
            return;
        }

        lock (_gate)
        {
            if (delivery.Owner is not null)
                _inFlight[packetId] = delivery;
        }
    }

    internal void Settle(SharedDelivery delivery, SharedOutcome outcome)
    {
        SharedSubscription? owner;
        IMessageStream? stream;
        DeliveryId id;
        int attempt;
        bool left;
        lock (_gate)
        {
            (owner, stream, id, attempt) = (delivery.Owner, delivery.Stream, delivery.Id, delivery.Attempt);
            if (owner is null || stream is null)
                return;
            Recycle(delivery, owner);
            left = owner.Held == 0 && _leaving.Remove(owner);
            foreach (SharedSubscription subscription in _byFilter.Values)
                subscription.Wake();
        }

        Task settled = SettleAsync(owner, stream, id, attempt, outcome);
        if (left)
            _ = CloseAfterAsync(settled, owner);
    }

    private static async Task CloseAfterAsync(Task settled, SharedSubscription owner)
    {
        await settled.ConfigureAwait(false);
        await owner.CloseAsync().ConfigureAwait(false);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Nobody awaits it; what is not settled comes again when its lease ends.")]
    private async Task SettleAsync(SharedSubscription owner, IMessageStream stream, DeliveryId id, int attempt, SharedOutcome outcome)
    {
        MqttShared shared = _connection.Shared;
        shared.Metrics.SharedSettled(outcome);
        Settlement settlement = outcome switch
        {
            SharedOutcome.Accepted or SharedOutcome.Expired => Settlement.Accept,
            SharedOutcome.Rejected when shared.Options.SharedRejection == SharedRejection.DeadLetter => Settlement.DeadLetter,
            SharedOutcome.NoRoom => Settlement.Release(),
            _ => Settlement.Release(BackOff(shared.Bridge.Capabilities.DelayLevels, attempt)),
        };
        try
        {
            await stream.SettleAsync(id, settlement, CancellationToken.None).ConfigureAwait(false);
        }
        catch (BridgeException late)
        {
            MqttLog.NotSettled(shared.Logger, _connection.Name, owner.Filter.Text, outcome.ToString(), late.Message);
        }
        catch (Exception defect) when (defect is not ObjectDisposedException)
        {
            MqttLog.Defect(shared.Logger, defect);
        }
    }

    /// <summary>RocketMQ's: level 3 after the first attempt, one more each time.</summary>
    private static TimeSpan BackOff(IReadOnlyList<TimeSpan> levels, int attempt)
        => levels.Count == 0 ? TimeSpan.Zero : levels[Math.Min(attempt + 1, levels.Count - 1)];

    private void Recycle(SharedDelivery delivery, SharedSubscription owner)
    {
        delivery.Owner = null;
        delivery.Stream = null;
        owner.Held--;
        _held--;
        if (_spare.Count < _maximum)
            _spare.Push(delivery);
    }
}
