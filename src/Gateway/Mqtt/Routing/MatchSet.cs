using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>
/// The subscribers that one message matches. Subscriptions of one subscriber that overlap become one delivery with the
/// largest QoS [MQTT-3.3.4-2] and all their identifiers [MQTT-3.3.4-3]. Used again and again by one thread.
/// </summary>
public sealed class MatchSet
{
    private readonly List<Matched> _matched = [];
    private long _round;

    /// <summary>How many subscribers matched.</summary>
    public int Count => _matched.Count;

    /// <summary>One of them.</summary>
    public Matched this[int index] => _matched[index];

    /// <summary>Begins with the next message.</summary>
    public void Clear()
    {
        _matched.Clear();
        _round++;
    }

    /// <summary>Adds a subscription that matches.</summary>
    public void Add(Subscription subscription, ReadOnlySpan<byte> publisher)
    {
        ISubscriber subscriber = subscription.Subscriber;
        if (subscription.NoLocal && !publisher.IsEmpty && publisher.SequenceEqual(subscriber.ClientIdUtf8))
            return;

        MatchSlot slot = subscriber.MatchSlot;
        if (slot.Round != _round || !ReferenceEquals(slot.Set, this))
        {
            slot.Set = this;
            slot.Round = _round;
            slot.Index = _matched.Count;
            _matched.Add(new Matched(subscriber, subscription.Qos, subscription.RetainAsPublished, default(SubscriptionIdentifiers).With(subscription.Identifier)));
            return;
        }

        Matched before = _matched[slot.Index];
        _matched[slot.Index] = before with
        {
            Qos = Math.Max(before.Qos, subscription.Qos),
            RetainAsPublished = before.RetainAsPublished || subscription.RetainAsPublished,
            Identifiers = before.Identifiers.With(subscription.Identifier),
        };
    }

    /// <summary>A subscriber and how it receives.</summary>
    public readonly record struct Matched(ISubscriber Subscriber, byte Qos, bool RetainAsPublished, SubscriptionIdentifiers Identifiers);
}
