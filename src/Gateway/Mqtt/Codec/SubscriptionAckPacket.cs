namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>SUBACK and UNSUBACK: one layout, but that a 3.1.1 UNSUBACK has no codes.</summary>
/// <remarks>
/// <code>
/// | packet id:2 | properties (5) | code | code | ...   one code a filter, in their order
/// </code>
/// </remarks>
public sealed class SubscriptionAckPacket : IPacket
{
    /// <summary><see cref="PacketType.Suback"/> or <see cref="PacketType.Unsuback"/>.</summary>
    public required PacketType Type { get; init; }

    public required ushort PacketId { get; init; }

    /// <summary>MQTT 5.</summary>
    public PropertyBlock Properties { get; init; }

    /// <summary>A reason code or 3.1.1 return code for each filter.</summary>
    public ReadOnlyMemory<byte> Codes { get; init; }

    /// <inheritdoc/>
    public byte Flags => 0;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(PacketType type, ReadOnlyMemory<byte> body, ProtocolVersion version, out SubscriptionAckPacket? packet)
    {
        packet = null;
        bool hasCodes = HasCodes(type, version);
        var reader = new PacketReader(body);
        ushort packetId = reader.ReadPacketId();
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, type) : default;
        ReadOnlyMemory<byte> codes = hasCodes ? reader.ReadRest() : default;
        if (hasCodes && codes.IsEmpty)
            reader.Malformed("acknowledgement without a code");
        foreach (byte code in codes.Span)
        {
            bool known = version == ProtocolVersion.Mqtt5 ? ReasonCodes.IsAllowed(type, code) : code is <= 2 or 0x80;
            if (!known)
                reader.Malformed("reason code is not one of this packet");
        }

        ProtocolError error = reader.Finish();
        if (!error.IsError)
            packet = new SubscriptionAckPacket { Type = type, PacketId = packetId, Properties = properties, Codes = codes };
        return error;
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
        => 2 + (version == ProtocolVersion.Mqtt5 ? PacketWriter.SizeOfProperties(Properties) : 0) + (HasCodes(Type, version) ? Codes.Length : 0);

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteUInt16(PacketId);
        if (version == ProtocolVersion.Mqtt5)
            writer.WriteProperties(Properties);
        if (HasCodes(Type, version))
            writer.WriteBytes(Codes.Span);
    }

    private static bool HasCodes(PacketType type, ProtocolVersion version) => type == PacketType.Suback || version == ProtocolVersion.Mqtt5;
}
