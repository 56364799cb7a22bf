namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>DISCONNECT and AUTH: one layout. Before version 5 a DISCONNECT has no body and AUTH does not exist.</summary>
/// <remarks>
/// <code>
/// | reason code (absent: 0) | properties (absent when the body is shorter than 2) |
/// </code>
/// </remarks>
public readonly struct ReasonPacket : IPacket
{
    /// <summary><see cref="PacketType.Disconnect"/> or <see cref="PacketType.Auth"/>.</summary>
    public PacketType Type { get; init; }

    public ReasonCode Reason { get; init; }

    public PropertyBlock Properties { get; init; }

    /// <inheritdoc/>
    public byte Flags => 0;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(PacketType type, ReadOnlyMemory<byte> body, ProtocolVersion version, out ReasonPacket packet)
    {
        var reader = new PacketReader(body);
        byte reason = 0;
        PropertyBlock properties = default;
        if (version == ProtocolVersion.Mqtt5)
        {
            reason = reader.Remaining > 0 ? reader.ReadByte() : (byte)0;
            if (!ReasonCodes.IsAllowed(type, reason))
                reader.Malformed("reason code is not one of this packet");
            if (reader.Remaining > 0)
                properties = PropertyRules.ReadBlock(ref reader, type);
        }
        else if (type == PacketType.Auth)
        {
            reader.Fail(ReasonCode.ProtocolError, "AUTH before version 5");
        }

        packet = new ReasonPacket { Type = type, Reason = (ReasonCode)reason, Properties = properties };
        return reader.Finish();
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
    {
        if (version != ProtocolVersion.Mqtt5 || (Reason == ReasonCode.Success && Properties.IsEmpty))
            return 0;
        return Properties.IsEmpty ? 1 : 1 + PacketWriter.SizeOfProperties(Properties);
    }

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        if (version != ProtocolVersion.Mqtt5 || (Reason == ReasonCode.Success && Properties.IsEmpty))
            return;
        writer.WriteByte((byte)Reason);
        if (!Properties.IsEmpty)
            writer.WriteProperties(Properties);
    }
}
