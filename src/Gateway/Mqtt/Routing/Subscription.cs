namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>One subscription of one subscriber.</summary>
/// <param name="Subscriber">Who receives.</param>
/// <param name="Qos">Granted QoS.</param>
/// <param name="NoLocal">Not what the same client published [MQTT-3.8.3-3].</param>
/// <param name="RetainAsPublished">Keep the retain flag.</param>
/// <param name="Identifier">Subscription identifier; 0 for none.</param>
/// <param name="Topic">The RocketMQ topic that the filter selects; null when it selects all.</param>
public sealed record Subscription(ISubscriber Subscriber, byte Qos, bool NoLocal, bool RetainAsPublished, uint Identifier, string? Topic);

/// <summary>Who receives: a session.</summary>
public interface ISubscriber
{
    /// <summary>MQTT client identifier in UTF-8, for no-local.</summary>
    ReadOnlySpan<byte> ClientIdUtf8 { get; }

    /// <summary>For <see cref="MatchSet"/> alone: where it keeps this subscriber's place in the current match.</summary>
    MatchSlot MatchSlot { get; }

    /// <summary>Takes a delivery or refuses it by the session's own limits; must not block.</summary>
    void Offer(in Session.Delivery delivery);
}

/// <summary>A subscriber's place in the match that a <see cref="MatchSet"/> is at.</summary>
public sealed class MatchSlot
{
    internal MatchSet? Set { get; set; }

    internal long Round { get; set; }

    internal int Index { get; set; }
}
