using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>A message of a group that a connection holds: from the group's stream to the client's acknowledgement.
/// Objects are used again.</summary>
public sealed class SharedDelivery
{
    private readonly ConnectionShares _shares;

    internal SharedDelivery(ConnectionShares shares) => _shares = shares;

    /// <summary>Where it came from and is settled.</summary>
    internal SharedSubscription? Owner { get; set; }

    /// <summary>Names it for the stream that it came from.</summary>
    internal IMessageStream? Stream { get; set; }

    internal DeliveryId Id { get; set; }

    /// <summary>Which delivery of the message it is, from 1.</summary>
    internal int Attempt { get; set; }

    /// <summary>The PUBLISH is written: at QoS 0 that is all, else the client's acknowledgement settles it.</summary>
    public void Written(ushort packetId) => _shares.Written(this, packetId);

    /// <summary>It cannot be sent to this client: another member may have it, after a while.</summary>
    public void Refused() => _shares.Settle(this, SharedOutcome.Undeliverable);

    /// <summary>It is of no use any more.</summary>
    public void Expired() => _shares.Settle(this, SharedOutcome.Expired);
}

/// <summary>What became of a message of a group at an MQTT client.</summary>
public enum SharedOutcome
{
    /// <summary>Acknowledged, or at QoS 0 written.</summary>
    Accepted,

    /// <summary>Acknowledged with a reason code of an error.</summary>
    Rejected,

    /// <summary>Larger than the client takes, or its name does not match the filter.</summary>
    Undeliverable,

    /// <summary>Its expiry has passed.</summary>
    Expired,

    /// <summary>The client's queue is full of other messages.</summary>
    NoRoom,
}
