using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What is known of a client from its CONNECT on: its name, what it takes, what it subscribed to, and what
/// is on its way in and out. It ends with its connection.</summary>
public sealed class MqttSession : ISubscriber
{
    private readonly byte[] _clientId;
    private readonly IDeliveryOverflow _overflow;
    private readonly Action _readyToWrite;

    /// <summary>Makes the session of a connection.</summary>
    /// <param name="clientId">Client identifier, given or assigned.</param>
    /// <param name="limits">What the client takes.</param>
    /// <param name="ids">Packet identifiers of deliveries.</param>
    /// <param name="options">The front's limits.</param>
    /// <param name="overflow">Told when the queue is full.</param>
    /// <param name="readyToWrite">Called when there is something to write.</param>
    public MqttSession(string clientId, ClientLimits limits, IPacketIds ids, MqttOptions options, IDeliveryOverflow overflow, Action readyToWrite)
    {
        ClientId = clientId;
        Limits = limits;
        Deliveries = new DeliveryQueue(options, ids);
        int aliases = Math.Min(limits.TopicAliasMaximum, options.OutgoingTopicAliases);
        Aliases = aliases > 0 ? new OutgoingAliases(aliases) : null;
        RetainedFeed = new RetainedFeed(this);
        _clientId = Encoding.UTF8.GetBytes(clientId);
        _overflow = overflow;
        _readyToWrite = readyToWrite;
    }

    public string ClientId { get; }

    /// <summary>What the client is allowed; null: everything.</summary>
    public ClientAccess? Access { get; init; }

    public ClientLimits Limits { get; }

    public ProtocolVersion Version => Limits.Version;

    /// <summary>Seconds granted; 0 for none.</summary>
    public int KeepAliveSeconds { get; set; }

    /// <summary>What outlives the connection; null when nothing does.</summary>
    public PersistentSession? Kept { get; init; }

    /// <summary>Messages on their way to the client.</summary>
    public DeliveryQueue Deliveries { get; }

    /// <summary>By filter; changed and looked at by the connection's reader only. Others ask for <see cref="CopyFilters"/>.</summary>
    public Dictionary<byte[], Subscription> Subscriptions { get; } = new(LevelComparer.Instance);

    /// <summary>Retained messages on their way to the client.</summary>
    public RetainedFeed RetainedFeed { get; }

    /// <summary>The will of the connection; null for none.</summary>
    public KeptWill? Will { get; init; }
    /// <summary>Topic aliases towards the client; null when it takes none.</summary>
    public OutgoingAliases? Aliases { get; }

    /// <summary>How many of the subscriptions ask for no-local.</summary>
    public int NoLocalCount { get; private set; }

    /// <summary>Topic names by alias; null until the client sets one.</summary>
    public byte[]?[]? TopicAliases { get; set; }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> ClientIdUtf8 => _clientId;

    /// <inheritdoc/>
    public MatchSlot MatchSlot { get; } = new();

    /// <summary>Enters a subscription, in the place of one with the same filter.</summary>
    public void Subscribe(byte[] filter, Subscription subscription)
    {
        lock (Subscriptions)
            Subscriptions[filter] = subscription;
    }

    /// <summary>Takes a subscription out.</summary>
    public bool Unsubscribe(ReadOnlySpan<byte> filter, out Subscription? subscription)
    {
        lock (Subscriptions)
            return Subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter, out _, out subscription);
    }

    /// <summary>The filters of its subscriptions as text, in no order; any thread may ask.</summary>
    /// <param name="max">At most so many.</param>
    public IReadOnlyList<string> CopyFilters(int max)
    {
        lock (Subscriptions)
            return [.. Subscriptions.Keys.Take(max).Select(filter => Encoding.UTF8.GetString(filter))];
    }

    /// <summary>Counts a subscription that came into force.</summary>
    public void Remember(Subscription subscription) => NoLocalCount += subscription.NoLocal ? 1 : 0;

    /// <summary>Counts a subscription that ended; null for none.</summary>
    public void Forget(Subscription? subscription) => NoLocalCount -= subscription?.NoLocal == true ? 1 : 0;

    /// <inheritdoc/>
    public void Offer(in Delivery delivery)
    {
        // What has a packet identifier already was looked at before it got one.
        if (delivery.PacketId == 0 && Access?.MayReceive(delivery.Message.Topic) == false)
            return;

        bool supersedes = delivery is { Message.IsRetained: true, Dup: false } && RetainedFeed.IsActive;
        switch (supersedes ? RetainedFeed.OfferLive(delivery) : Deliveries.TryEnqueue(delivery))
        {
            case EnqueueResult.Queued:
                _readyToWrite();
                break;
            case EnqueueResult.Full:
                _overflow.OnFull(delivery.Qos);
                break;
            default:
                break;
        }
    }
}

/// <summary>Decides what happens to a client that does not keep up.</summary>
public interface IDeliveryOverflow
{
    /// <summary>A delivery found the queue full.</summary>
    void OnFull(byte qos);
}
