namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>The upper four bits of a fixed header.</summary>
public enum PacketType : byte
{
    /// <summary>Bits 0000 name no packet; here they stand for the will properties inside a CONNECT.</summary>
    Will = 0,
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
    Auth = 15,
}

/// <summary>The protocol level byte of a CONNECT.</summary>
public enum ProtocolVersion : byte
{
    None = 0,

    /// <summary>MQTT 3.1, protocol name <c>MQIsdp</c>.</summary>
    Mqtt31 = 3,
    Mqtt311 = 4,
    Mqtt5 = 5,
}
