namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What an acknowledgement of a client means for a delivery.</summary>
public enum AcknowledgementResult
{
    /// <summary>No delivery of that identifier waits for it.</summary>
    Unknown,

    /// <summary>The delivery is done, and its identifier free.</summary>
    Done,

    /// <summary>PUBREL is to be sent now [MQTT-4.3.3-4].</summary>
    Release,

    /// <summary>PUBREL is sent once it is durable that the client has the message.</summary>
    ReleaseLater,
}

/// <summary>The packet identifiers of deliveries, from their PUBLISH to PUBACK or PUBCOMP [MQTT-2.2.1-4].</summary>
public interface IPacketIds
{
    /// <summary>How many are in use.</summary>
    int Count { get; }

    /// <summary>Takes a free identifier for a delivery; false when as many are in flight as may be.</summary>
    bool TryTake(byte qos, out ushort packetId);

    /// <summary>A delivery that had its identifier before is written now.</summary>
    void Written(ushort packetId);

    /// <summary>The delivery is not written after all; false when the identifier was not in use.</summary>
    bool TryRelease(ushort packetId);

    /// <summary>PUBACK.</summary>
    AcknowledgementResult Puback(ushort packetId);

    /// <summary>PUBREC.</summary>
    /// <param name="packetId">Its identifier.</param>
    /// <param name="isRefusal">Whether its reason code ends the delivery (4.3.3, 0x80 or greater).</param>
    AcknowledgementResult Pubrec(ushort packetId, bool isRefusal);

    /// <summary>PUBCOMP.</summary>
    AcknowledgementResult Pubcomp(ushort packetId);
}
