namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>CONNACK.</summary>
/// <remarks>
/// <code>
/// | 0000000 session present:1 | reason code (5) or return code (3.1.1) | properties (5) |
/// </code>
/// </remarks>
public sealed class ConnackPacket : IPacket
{
    public bool SessionPresent { get; init; }

    /// <summary>Reason code of version 5, or return code of the older ones, as the byte it is.</summary>
    public byte Code { get; init; }

    /// <summary>MQTT 5.</summary>
    public PropertyBlock Properties { get; init; }

    /// <inheritdoc/>
    public PacketType Type => PacketType.Connack;

    /// <inheritdoc/>
    public byte Flags => 0;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(ReadOnlyMemory<byte> body, ProtocolVersion version, out ConnackPacket? packet)
    {
        packet = null;
        var reader = new PacketReader(body);
        byte flags = reader.ReadByte();
        // [MQTT-3.2.2-1]
        if (flags > 1)
            reader.Malformed("reserved bits of the connack flags are set");
        byte code = reader.ReadByte();
        bool known = version == ProtocolVersion.Mqtt5 ? ReasonCodes.IsAllowed(PacketType.Connack, code) : code <= 5;
        if (!known)
            reader.Malformed("reason code is not one of a CONNACK");
        // [MQTT-3.2.2-6]
        if (flags == 1 && code != 0)
            reader.Fail(ReasonCode.ProtocolError, "session present beside a refusal");
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, PacketType.Connack) : default;
        ProtocolError error = reader.Finish();
        if (!error.IsError)
            packet = new ConnackPacket { SessionPresent = flags == 1, Code = code, Properties = properties };
        return error;
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version) => 2 + (version == ProtocolVersion.Mqtt5 ? PacketWriter.SizeOfProperties(Properties) : 0);

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteByte(SessionPresent ? (byte)1 : (byte)0);
        writer.WriteByte(Code);
        if (version == ProtocolVersion.Mqtt5)
            writer.WriteProperties(Properties);
    }
}
