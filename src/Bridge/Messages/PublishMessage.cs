namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>A message on its way in.</summary>
/// <param name="Topic">The RocketMQ topic, already mapped.</param>
/// <param name="Body">Borrowed until the publish completes.</param>
/// <param name="Properties">Property text with tag, keys and user properties (see <see cref="PropertyNames"/>);
/// borrowed until the publish completes.</param>
public readonly record struct PublishMessage(string Topic, ReadOnlyMemory<byte> Body, MessageProperties Properties)
{
    /// <summary>Messages of one topic with equal values go to one queue, in order; null spreads them over the queues.</summary>
    public int? OrderingHash { get; init; }

    /// <summary>Deliver after this time; zero, one of <see cref="BridgeCapabilities.DelayLevels"/>, or at most <see cref="BridgeCapabilities.MaxDelay"/>.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Whether a delayed message should be one that can be called back, where the brokers can do that.</summary>
    public bool IsRecallable { get; init; }

    /// <summary>When the client made it, if it said so; else the bridge's clock is taken.</summary>
    public DateTimeOffset? BornAt { get; init; }

    /// <summary>
    /// Whether it is also to be the retained message of its MQTT topic name (<see cref="IMessageBridge.Retained"/>); an empty
    /// body removes the one there is. The publish completes when both are durable. Such a message has no delay.
    /// </summary>
    public bool Retain { get; init; }

    /// <summary>Where it came from, for the message record; null when there is no network peer.</summary>
    public System.Net.IPEndPoint? BornHost { get; init; }
}
