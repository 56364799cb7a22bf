using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>
/// The subscribers that one message matches. Subscriptions of one subscriber that overlap become one delivery with the
/// largest QoS [MQTT-3.3.4-2] and all their identifiers [MQTT-3.3.4-3]. Used again and again by one thread.
/// </summary>
public sealed class MatchSet
{
    private readonly List<Matched> _matched = [];
    private readonly Dictionary<ISubscriber, int>? _places;
    private long _round;

    /// <summary>Makes an empty set.</summary>
    /// <param name="ownPlaces">Whether it keeps the places of subscribers itself: they have room for those of one set at a time, the router's.</param>
    public MatchSet(bool ownPlaces = false) => _places = ownPlaces ? [] : null;

    /// <summary>How many subscribers matched.</summary>
    public int Count => _matched.Count;

    /// <summary>One of them.</summary>
    public Matched this[int index] => _matched[index];

    /// <summary>Begins with the next message.</summary>
    public void Clear()
    {
        _matched.Clear();
        _places?.Clear();
        _round++;
    }

    /// <summary>Adds a subscription that matches.</summary>
    public void Add(Subscription subscription, ReadOnlySpan<byte> publisher)
    {
        ISubscriber subscriber = subscription.Subscriber;
        if (subscription.NoLocal && !publisher.IsEmpty && publisher.SequenceEqual(subscriber.ClientIdUtf8))
            return;

        if (!TryFindPlace(subscriber, out int place))
        {
            _matched.Add(new Matched(subscriber, subscription.Qos, subscription.RetainAsPublished, default(SubscriptionIdentifiers).With(subscription.Identifier)));
            return;
        }

        Matched before = _matched[place];
        _matched[place] = before with
        {
            Qos = Math.Max(before.Qos, subscription.Qos),
            RetainAsPublished = before.RetainAsPublished || subscription.RetainAsPublished,
            Identifiers = before.Identifiers.With(subscription.Identifier),
        };
    }

    /// <summary>Where the subscriber is; one that is new gets the next place.</summary>
    private bool TryFindPlace(ISubscriber subscriber, out int place)
    {
        place = _matched.Count;
        if (_places is not null)
        {
            if (_places.TryAdd(subscriber, place))
                return false;
            place = _places[subscriber];
            return true;
        }

        MatchSlot slot = subscriber.MatchSlot;
        if (slot.Round == _round && ReferenceEquals(slot.Set, this))
        {
            place = slot.Index;
            return true;
        }

        slot.Set = this;
        slot.Round = _round;
        slot.Index = place;
        return false;
    }

    /// <summary>A subscriber and how it receives.</summary>
    public readonly record struct Matched(ISubscriber Subscriber, byte Qos, bool RetainAsPublished, SubscriptionIdentifiers Identifiers);
}
