using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>A will inside a CONNECT.</summary>
/// <param name="Topic">Where it is published.</param>
/// <param name="Payload">Borrowed from the frame.</param>
/// <param name="Qos">0 to 2.</param>
/// <param name="Retain">Whether it is published retained.</param>
/// <param name="Properties">MQTT 5; borrowed from the frame.</param>
public sealed record Will(string Topic, ReadOnlyMemory<byte> Payload, byte Qos, bool Retain, PropertyBlock Properties);

/// <summary>CONNECT.</summary>
/// <remarks>
/// <code>
/// | protocol name "MQTT" or "MQIsdp" | level | flags | keep alive:2 | properties (5) |
/// | client id | will properties (5), will topic, will payload | user name | password |
/// flags: user name:1 password:1 will retain:1 will QoS:2 will:1 clean:1 reserved:1
/// </code>
/// </remarks>
public sealed class ConnectPacket : IPacket
{
    public required ProtocolVersion Version { get; init; }

    /// <summary>Clean session (3.1.1) or clean start (5).</summary>
    public bool CleanStart { get; init; }

    /// <summary>Seconds; 0 for none.</summary>
    public ushort KeepAlive { get; init; }

    /// <summary>MQTT 5; borrowed from the frame.</summary>
    public PropertyBlock Properties { get; init; }

    public required string ClientId { get; init; }

    public Will? Will { get; init; }

    public string? UserName { get; init; }

    /// <summary>Borrowed from the frame; null when absent.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <inheritdoc/>
    public PacketType Type => PacketType.Connect;

    /// <inheritdoc/>
    public byte Flags => 0;

    /// <summary>
    /// Looks at protocol name and level only, so that an unknown version can be answered without understanding the
    /// rest. <see cref="ProtocolVersion.None"/> when the packet does not begin like a CONNECT at all.
    /// </summary>
    public static ProtocolVersion PeekVersion(ReadOnlyMemory<byte> body)
    {
        var reader = new PacketReader(body);
        ReadOnlySpan<byte> name = reader.ReadUtf8().Span;
        byte level = reader.ReadByte();
        bool known = name.SequenceEqual("MQTT"u8) || (name.SequenceEqual("MQIsdp"u8) && level == 3);
        return reader.Failed || !known ? ProtocolVersion.None : (ProtocolVersion)level;
    }

    /// <summary>Whether a version is one this front speaks.</summary>
    public static bool IsSupported(ProtocolVersion version) => version is ProtocolVersion.Mqtt31 or ProtocolVersion.Mqtt311 or ProtocolVersion.Mqtt5;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(ReadOnlyMemory<byte> body, out ConnectPacket? packet)
    {
        packet = null;
        ProtocolVersion version = PeekVersion(body);
        var reader = new PacketReader(body);
        ReadOnlyMemory<byte> name = reader.ReadUtf8();
        byte level = reader.ReadByte();
        if (reader.Failed)
            return reader.Error;
        // The name and the level go together: [MQTT-3.1.2-1] [MQTT-3.1.2-2].
        bool oldName = name.Length == 6;
        if (!IsSupported(version) || oldName != (level == 3))
            return new ProtocolError(ReasonCode.UnsupportedProtocolVersion, "protocol name and level are of no version spoken here");

        byte flags = reader.ReadByte();
        CheckFlags(ref reader, version, flags);
        ushort keepAlive = reader.ReadUInt16();
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, PacketType.Connect) : default;
        string clientId = reader.ReadString();
        Will? will = (flags & 0x04) != 0 ? ReadWill(ref reader, version, flags) : null;
        string? userName = (flags & 0x80) != 0 ? reader.ReadString() : null;
        // The cast matters: a bare null would become an empty memory, not none.
        ReadOnlyMemory<byte>? password = (flags & 0x40) != 0 ? reader.ReadBinary() : (ReadOnlyMemory<byte>?)null;
        ProtocolError error = reader.Finish();
        if (error.IsError)
            return error;

        bool clean = (flags & 0x02) != 0;
        // 3.1 wants 1 to 23 characters, 3.1.1 [MQTT-3.1.3-8] lets only clean sessions go without a name.
        if (clientId.Length == 0 && (version == ProtocolVersion.Mqtt31 || (version == ProtocolVersion.Mqtt311 && !clean)))
            error = new ProtocolError(ReasonCode.ClientIdentifierNotValid, "client identifier is empty");

        packet = new ConnectPacket
        {
            Version = version,
            CleanStart = clean,
            KeepAlive = keepAlive,
            Properties = properties,
            ClientId = clientId,
            Will = will,
            UserName = userName,
            Password = password,
        };
        return error;
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
    {
        int size = (Version == ProtocolVersion.Mqtt31 ? 8 : 6) + 4 + PacketWriter.SizeOfString(ClientId);
        if (Version == ProtocolVersion.Mqtt5)
            size += PacketWriter.SizeOfProperties(Properties);
        if (Will is not null)
        {
            size += PacketWriter.SizeOfString(Will.Topic) + 2 + Will.Payload.Length;
            if (Version == ProtocolVersion.Mqtt5)
                size += PacketWriter.SizeOfProperties(Will.Properties);
        }

        return size + (UserName is null ? 0 : PacketWriter.SizeOfString(UserName)) + (Password is null ? 0 : 2 + Password.Value.Length);
    }

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteBinary(Version == ProtocolVersion.Mqtt31 ? "MQIsdp"u8 : "MQTT"u8);
        writer.WriteByte((byte)Version);
        writer.WriteByte(MakeFlags());
        writer.WriteUInt16(KeepAlive);
        if (Version == ProtocolVersion.Mqtt5)
            writer.WriteProperties(Properties);
        writer.WriteString(ClientId);
        if (Will is not null)
        {
            if (Version == ProtocolVersion.Mqtt5)
                writer.WriteProperties(Will.Properties);
            writer.WriteString(Will.Topic);
            writer.WriteBinary(Will.Payload.Span);
        }

        if (UserName is not null)
            writer.WriteString(UserName);
        if (Password is not null)
            writer.WriteBinary(Password.Value.Span);
    }

    private byte MakeFlags()
    {
        int flags = (CleanStart ? 0x02 : 0) | (UserName is null ? 0 : 0x80) | (Password is null ? 0 : 0x40);
        if (Will is not null)
            flags |= 0x04 | (Will.Qos << 3) | (Will.Retain ? 0x20 : 0);
        return (byte)flags;
    }

    private static void CheckFlags(ref PacketReader reader, ProtocolVersion version, byte flags)
    {
        // [MQTT-3.1.2-3]
        if ((flags & 0x01) != 0)
            reader.Malformed("reserved bit of the connect flags is set");
        // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
        if ((flags & 0x04) == 0 && (flags & 0x38) != 0)
            reader.Malformed("will QoS or will retain without a will");
        // [MQTT-3.1.2-12]
        if ((flags & 0x18) == 0x18)
            reader.Malformed("will QoS 3");
        // 3.1.1 [MQTT-3.1.2-22]; version 5 allows a password alone.
        if (version != ProtocolVersion.Mqtt5 && (flags & 0xC0) == 0x40)
            reader.Malformed("password without user name");
    }

    private static Will ReadWill(ref PacketReader reader, ProtocolVersion version, byte flags)
    {
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, PacketType.Will) : default;
        ReadOnlyMemory<byte> topic = reader.ReadUtf8();
        ProtocolError wrong = TopicRules.CheckName(topic.Span);
        if (!reader.Failed && wrong.IsError)
            reader.Fail(wrong.Reason, "will: " + wrong.Text);
        ReadOnlyMemory<byte> payload = reader.ReadBinary();
        return new Will(Encoding.UTF8.GetString(topic.Span), payload, (byte)((flags >> 3) & 3), (flags & 0x20) != 0, properties);
    }
}
