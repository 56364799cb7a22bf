namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP: one layout for the four.</summary>
/// <remarks>
/// <code>
/// | packet id:2 | reason code (5; absent means success) | properties (5; absent when the body is shorter than 4) |
/// </code>
/// </remarks>
public readonly struct AcknowledgementPacket : IPacket
{
    /// <inheritdoc/>
    public PacketType Type { get; init; }

    public ushort PacketId { get; init; }

    /// <summary>MQTT 5.</summary>
    public ReasonCode Reason { get; init; }

    /// <summary>MQTT 5.</summary>
    public PropertyBlock Properties { get; init; }

    /// <inheritdoc/>
    public byte Flags => Type == PacketType.Pubrel ? (byte)2 : (byte)0;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(PacketType type, ReadOnlyMemory<byte> body, ProtocolVersion version, out AcknowledgementPacket packet)
    {
        var reader = new PacketReader(body);
        ushort packetId = reader.ReadPacketId();
        byte reason = 0;
        PropertyBlock properties = default;
        if (version == ProtocolVersion.Mqtt5 && reader.Remaining > 0)
        {
            reason = reader.ReadByte();
            if (!ReasonCodes.IsAllowed(type, reason))
                reader.Malformed("reason code is not one of this packet");
            if (reader.Remaining > 0)
                properties = PropertyRules.ReadBlock(ref reader, type);
        }

        packet = new AcknowledgementPacket { Type = type, PacketId = packetId, Reason = (ReasonCode)reason, Properties = properties };
        return reader.Finish();
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
    {
        if (version != ProtocolVersion.Mqtt5 || (Reason == ReasonCode.Success && Properties.IsEmpty))
            return 2;
        return Properties.IsEmpty ? 3 : 3 + PacketWriter.SizeOfProperties(Properties);
    }

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteUInt16(PacketId);
        if (version != ProtocolVersion.Mqtt5 || (Reason == ReasonCode.Success && Properties.IsEmpty))
            return;
        writer.WriteByte((byte)Reason);
        if (!Properties.IsEmpty)
            writer.WriteProperties(Properties);
    }
}
