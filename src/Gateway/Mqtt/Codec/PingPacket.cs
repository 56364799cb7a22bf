namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>PINGREQ and PINGRESP: a fixed header and no body.</summary>
public readonly struct PingPacket : IPacket
{
    /// <summary><see cref="PacketType.Pingreq"/> or <see cref="PacketType.Pingresp"/>.</summary>
    public PacketType Type { get; init; }

    /// <inheritdoc/>
    public byte Flags => 0;

    /// <summary>Decodes a body, which must be empty.</summary>
    public static ProtocolError TryDecode(PacketType type, ReadOnlyMemory<byte> body, out PingPacket packet)
    {
        packet = new PingPacket { Type = type };
        return body.IsEmpty ? default : ProtocolError.Malformed("ping with a body");
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version) => 0;

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
    }
}
