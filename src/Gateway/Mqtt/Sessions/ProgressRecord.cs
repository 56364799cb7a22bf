namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>How far a session has read, and what is in flight to its client.</summary>
public sealed record ProgressRecord
{
    /// <summary>Whether it was saved when the connection had ended: what is said of messages being sent, and not being sent, is exact.</summary>
    public bool IsFinal { get; init; }

    /// <summary>Where to look for the next free packet identifier.</summary>
    public ushort LastPacketId { get; init; }

    /// <summary>Messages that its client will never get: its backlog was too long, or retention was faster.</summary>
    public long LeftOut { get; init; }

    /// <summary>The next entry to read, of each part of each subscription's queue.</summary>
    public IReadOnlyList<SubscriptionPosition> Positions { get; init; } = [];

    /// <summary>How far subscriptions have what was retained when they began, where it is owed.</summary>
    public IReadOnlyList<RetainedPlace> Retained { get; init; } = [];

    /// <summary>In the order of sending.</summary>
    public IReadOnlyList<FlightEntry> Flight { get; init; } = [];
}

/// <summary>How far one subscription was read.</summary>
/// <param name="Number">The subscription.</param>
/// <param name="Position">The next entry.</param>
public readonly record struct SubscriptionPosition(uint Number, QueuePosition Position);

/// <summary>A delivery from its PUBLISH to PUBACK or PUBCOMP.</summary>
/// <param name="PacketId">Its packet identifier, also when it is sent again [MQTT-4.4.0-1].</param>
/// <param name="Qos">1 or 2.</param>
/// <param name="IsReceived">QoS 2: the client has it, as PUBREC said; PUBREL is sent again, not the message.</param>
/// <param name="IsSent">Whether it was written to a connection.</param>
/// <param name="Retain">The retain flag.</param>
/// <param name="Identifier">Subscription identifier; 0 for none.</param>
/// <param name="Place">Where the message is: broker, and offset in its log; or the place of a retained message.</param>
public sealed record FlightEntry(ushort PacketId, byte Qos, bool IsReceived, bool IsSent, bool Retain, uint Identifier, QueuePosition Place);
