namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>What becomes of a message that a client of a shared subscription refused by the reason code of its PUBACK.</summary>
public enum SharedRejection
{
    /// <summary>It comes again with RocketMQ's delays; after the group's attempts it is a dead letter.</summary>
    Retry,

    /// <summary>It is a dead letter at once, and no other member gets it [MQTT-4.8.2-6].</summary>
    DeadLetter,
}
