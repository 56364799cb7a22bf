namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>Why bytes are not a packet, or a packet is not allowed.</summary>
/// <param name="Reason">What MQTT 5 calls it; default for no error.</param>
/// <param name="Text">For people.</param>
public readonly record struct ProtocolError(ReasonCode Reason, string Text)
{
    /// <summary>Whether there is an error.</summary>
    public bool IsError => Reason != ReasonCode.Success;

    /// <summary>Bytes that do not follow the layout.</summary>
    public static ProtocolError Malformed(string text) => new(ReasonCode.MalformedPacket, text);

    /// <summary>A well-formed packet that must not be sent, or not now.</summary>
    public static ProtocolError Violation(string text) => new(ReasonCode.ProtocolError, text);
}
